"""Data roots of drivers that no dockerd here can run, written by Docker's layout without a line of Varve.

What dockerd made with overlay2 is kept in aufs's folders, or in thin devices, with the tools of the distribution.
"""
import contextlib
import json
import os
import pathlib
import pickle
import shutil
import stat
import subprocess
import uuid


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **options).stdout


class Overlay2:
    """The layers of a data root that nobody uses: names, parents, files."""

    def __init__(self, root):
        self.home = root / "overlay2"
        self.names = [entry.name for entry in self.home.iterdir() if entry.name != "l"]
        self.by_link = {(self.home / name / "link").read_text(): name for name in self.names}

    def ancestors(self, name):
        """The nearest first."""
        file = self.home / name / "lower"
        return [self.by_link[link.removeprefix("l/")] for link in file.read_text().split(":")] if file.exists() else []

    def in_order(self):
        return sorted(self.names, key=lambda name: len(self.ancestors(name)))

    def diff(self, name):
        return self.home / name / "diff"


def is_whiteout(path):
    status = path.lstat()
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(path):
    with contextlib.suppress(OSError):
        return os.getxattr(path, "trusted.overlay.opaque", follow_symlinks=False) == b"y"
    return False


def is_kept(folder):
    return (folder / "root.tar").exists()


def keep(root, folder, shown):
    """Keeps a data root that nobody uses, and what was to be seen in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shown").write_bytes(pickle.dumps(shown))
    run("tar", "-C", root, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-S", "-cf", folder / "making", ".")
    (folder / "making").rename(folder / "root.tar")


def take(folder, root):
    """Puts a kept data root at `root`; gives what was to be seen in it."""
    root.mkdir()
    run("tar", "-C", root, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", folder / "root.tar")
    return pickle.loads((folder / "shown").read_bytes())


def adopt(root, driver):
    """The database and the containers now belong to `driver`."""
    (root / "image/overlay2").rename(root / "image" / driver)
    for file in root.glob("containers/*/config.v2.json"):
        record = json.loads(file.read_text())
        record["Driver"] = driver
        file.write_text(json.dumps(record))
    shutil.rmtree(root / "overlay2")


def to_aufs(root):
    """Branches with aufs's whiteouts: hard links to `.wh..wh.aufs`, as the kernel's aufs makes them."""
    layers, home = Overlay2(root), root / "aufs"
    for folder in ("layers", "diff", "mnt"):
        (home / folder).mkdir(parents=True, mode=0o710)
    for name in layers.names:
        (home / "layers" / name).write_text("".join(f"{ancestor}\n" for ancestor in layers.ancestors(name)))
        (home / "mnt" / name).mkdir(mode=0o755)
        branch = home / "diff" / name
        run("cp", "-a", layers.diff(name), branch)
        whiteout = branch / ".wh..wh.aufs"
        whiteout.touch(mode=0o444)
        for folder in (".wh..wh.plnk", ".wh..wh.orph"):
            (branch / folder).mkdir(mode=0o700)
        for path in [branch, *branch.rglob("*")]:
            if is_whiteout(path):
                path.unlink()
                os.link(whiteout, path.with_name(f".wh.{path.name}"))
            elif is_opaque(path):
                os.removexattr(path, "trusted.overlay.opaque")
                (path / ".wh..wh..opq").touch()
    adopt(root, "aufs")


def is_at_rest(root):
    """Whether every branch is as aufs would have left it: no device and no mark of overlayfs's."""
    found = [path for path in (root / "aufs/diff").rglob("*") if is_whiteout(path) or is_opaque(path)]
    return not found and any((root / "aufs/diff").rglob(".wh.motd"))


class ThinPool:
    """A pool over two sparse files, as dockerd lays it out; udev is not needed."""

    def __init__(self, root):
        self.home = root / "devicemapper"
        self.metadata = self.home / "metadata"
        for folder in (self.home / "devicemapper", self.metadata):
            folder.mkdir(parents=True, mode=0o700)
        status = self.home.stat()
        self.prefix = f"docker-{os.major(status.st_dev)}:{os.minor(status.st_dev)}-{status.st_ino}"
        self.pool = f"{self.prefix}-pool"
        self.loops, self.transaction, self.devices = [], 0, 0

    def __enter__(self):
        for name, size in {"metadata": "64M", "data": "4G"}.items():
            file = self.home / "devicemapper" / name
            run("truncate", "-s", size, file)
            file.chmod(0o600)
            self.loops.append(run("losetup", "--show", "-f", file).strip())
        meta, data = self.loops
        sectors = run("blockdev", "--getsz", data).strip()
        self.dmsetup("create", self.pool, "--table", f"0 {sectors} thin-pool {meta} {data} 128 32768 1 skip_block_zeroing")
        return self

    def __exit__(self, *_):
        for name in [line.split()[0] for line in self.dmsetup("ls").splitlines() if line.startswith(self.prefix)]:
            if name != self.pool:
                self.dmsetup("remove", name)
        self.dmsetup("remove", self.pool)
        for loop in self.loops:
            run("losetup", "-d", loop)

    @staticmethod
    def dmsetup(*words):
        return run("dmsetup", *words, env={**os.environ, "DM_DISABLE_UDEV": "1"})

    def device(self, name, size, origin=None):
        """A new device, or a snapshot, and its record; gives its number."""
        self.devices += 1
        message = f"create_thin {self.devices}" if origin is None else f"create_snap {self.devices} {origin}"
        self.dmsetup("message", self.pool, "0", message)
        self.dmsetup("message", self.pool, "0", f"set_transaction_id {self.transaction} {self.transaction + 1}")
        self.transaction += 1
        record = {
            "device_id": self.devices, "size": size, "transaction_id": self.transaction, "initialized": name == "base",
            "deleted": False,
        }
        (self.metadata / name).write_text(json.dumps(record, separators=(",", ":")))
        return self.devices

    @contextlib.contextmanager
    def active(self, name, number, size):
        """The device's node."""
        whole = f"{self.prefix}-{name}"
        self.dmsetup("create", whole, "--table", f"0 {size // 512} thin /dev/mapper/{self.pool} {number}")
        try:
            yield pathlib.Path("/dev/mapper") / whole
        finally:
            self.dmsetup("remove", whole)


def to_devicemapper(root, place, size=512 << 20):
    """Each layer a snapshot of its parent's device, with its whole tree in `rootfs`."""
    layers, numbers, point = Overlay2(root), {}, place / "thin"
    point.mkdir()
    with ThinPool(root) as pool:
        base, identity = pool.device("base", size), str(uuid.uuid4())
        with pool.active("base", base, size) as node:
            run("mkfs.ext4", "-q", "-U", identity, node)
        for name in layers.in_order():
            parents = layers.ancestors(name)
            numbers[name] = pool.device(name, size, numbers[parents[0]] if parents else base)
            with pool.active(name, numbers[name], size) as node:
                run("mount", node, point)
                try:
                    fill(layers.diff(name), point / "rootfs")
                finally:
                    run("umount", point)
        records = {"next_device_id": pool.devices, "BaseDeviceUUID": identity, "BaseDeviceFilesystem": "ext4"}
        (pool.metadata / "deviceset-metadata").write_text(json.dumps(records, separators=(",", ":")))
        last = {"open_transaction_id": pool.transaction, "device_hash": layers.in_order()[-1], "device_id": pool.devices}
        (pool.metadata / "transaction-metadata").write_text(json.dumps(last, separators=(",", ":")))
        for file in pool.metadata.iterdir():
            file.chmod(0o600)
    point.rmdir()
    adopt(root, "devicemapper")


def fill(diff, tree):
    """Does to `tree`, the parent's, what the upper directory `diff` says."""
    tree.mkdir(mode=0o755, exist_ok=True)
    for path in sorted(diff.rglob("*")):
        target = tree / path.relative_to(diff)
        if is_whiteout(path) or is_opaque(path) or (target.is_symlink() or target.exists()) and not (target.is_dir() and path.is_dir()):
            run("rm", "-rf", target)
    left_out = [str(path.relative_to(diff)) for path in diff.rglob("*") if is_whiteout(path)]
    archive = run("mktemp").strip()
    names = "".join(f"./{name}\n" for name in left_out)
    run("tar", "-C", diff, "--xattrs", "--xattrs-include=*", "--xattrs-exclude=trusted.overlay.*", "-X", "/dev/stdin", "-cf", archive, ".", input=names)
    run("tar", "-C", tree, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", archive)
    os.unlink(archive)
