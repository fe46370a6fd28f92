"""What a daemon may leave behind when all its containers are gone and it has ended: nothing."""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time

HEX64 = re.compile(r"^[0-9a-f]{64}$")


def mounts_below(*folders, process="self", images=True):
    """Mount points that lie in one of the folders (or are one), deepest first; without those of layers' images if so asked."""
    prefixes = [str(folder) for folder in folders]
    with open(f"/proc/{process}/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        points = [line.split()[4].encode().decode("unicode_escape") for line in file if images or " - erofs " not in line]
    return sorted((p for p in points if any(p == f or p.startswith(f + "/") for f in prefixes)), key=len, reverse=True)


def loop_devices(folder):
    listed = subprocess.run(["losetup", "-ln", "-O", "NAME,BACK-FILE"], capture_output=True, text=True, check=True).stdout
    return [line.strip() for line in listed.splitlines() if str(folder) in line]


def processes(token):
    """Processes whose command line, environment, open files or own mount table name `token`: pid → command line."""
    own, found = os.readlink("/proc/self/ns/mnt"), {}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if names(folder, command, token, own):
                found[int(folder.name)] = command or (folder / "comm").read_text().strip()
    return found


def names(folder, command, token, own_namespace):
    """Whether the process of `folder` (in /proc) belongs to the daemon whose folders contain `token`."""
    if token in command or token.encode() in (folder / "environ").read_bytes():
        return True
    if any(token in os.readlink(link) for link in (folder / "fd").iterdir()):
        return True
    return os.readlink(folder / "ns/mnt") != own_namespace and token in (folder / "mountinfo").read_text(errors="replace")


def temporary_files(data_root):
    try:
        folders = [data_root / "tmp", *data_root.glob("image/*/layerdb/tmp"), *data_root.glob("image/*/imagedb/tmp")]
        files = [str(entry) for folder in folders if folder.is_dir() for entry in folder.iterdir()]
        return files + [str(path) for path in data_root.glob("image/*/layerdb/sha256/*-removing")]
    except OSError as error:        # the disk fails
        return [f"files can't be listed: {error}"]


def bundles(exec_root):
    return [str(entry) for entry in exec_root.glob("**/*") if HEX64.match(entry.name)]


def interfaces(data_root):
    """Bridges that bear the daemon's name."""
    listed = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout
    return [link["ifname"] for link in json.loads(listed) if link.get("ifalias", "").endswith(f" of {data_root}")]


def rules(data_root):
    """The daemon's tables of the packet filter."""
    name = f"varve-{hashlib.sha256(str(data_root).encode()).hexdigest()[:8]}"
    listed = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if line.endswith(f" {name}")]


def control_groups(parent):
    """Those below a daemon's own, deepest first."""
    # Others come and go meanwhile, which is no error to `walk`.
    found = [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if f"/{parent}/" in folder]
    return sorted(found, key=len, reverse=True)


def remove_groups(daemon):
    """The daemon's own groups, which it leaves as dockerd does: other daemons may use them."""
    for folder, _, _ in os.walk("/sys/fs/cgroup", topdown=False):
        if os.path.basename(folder) != daemon.name:
            continue
        with contextlib.suppress(OSError):      # what is in it was found, or is another's
            os.rmdir(folder)


def of(daemon, patience=20):
    """Everything found, as text; what is on its way out gets `patience` seconds."""
    deadline = time.monotonic() + patience * float(os.environ.get("VARVE_PATIENCE", "1"))
    while True:
        found = [f"process {pid}: {command}" for pid, command in processes(f"/{daemon.name}/").items()]
        found += [f"mount {point}" for point in mounts_below(daemon.data_root, daemon.place, images=daemon.owns_data_root)]
        found += [f"loop device {device}" for device in loop_devices(daemon.data_root)]
        found += [f"temporary {path}" for path in temporary_files(daemon.data_root)]
        if daemon.owns_data_root:
            found += [f"interface {name}" for name in interfaces(daemon.data_root)]
            found += [f"rules {table}" for table in rules(daemon.data_root)]
        found += [f"control group {path}" for path in control_groups(daemon.name)]
        found += [f"bundle {path}" for path in bundles(daemon.exec_root)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def end(daemon):
    """Ends what `of` finds, so that one failing test does not spoil the next."""
    for pid in processes(f"/{daemon.name}/"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for point in mounts_below(daemon.data_root, daemon.place):
        subprocess.run(["umount", "-l", point], check=False)
    for name in interfaces(daemon.data_root):
        subprocess.run(["ip", "link", "del", name], check=False)
    for table in rules(daemon.data_root):
        subprocess.run(["nft", "delete", *table.split()], check=False)
    for path in control_groups(daemon.name):
        with contextlib.suppress(OSError):
            os.rmdir(path)
