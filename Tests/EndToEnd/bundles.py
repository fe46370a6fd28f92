"""OCI bundles of busybox, and the runtimes that run them: ours, and runc, which tells whether an expectation is right."""
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import subprocess

import engine
import rootfs
from clients import eventually

RUNTIMES = {"varve-runtime": str(engine.BIN / "varve-runtime"), "runc": shutil.which("runc")}
MISSING = {name: f"{name} is not installed" for name, path in RUNTIMES.items() if path is None}

NAMESPACES = ["pid", "network", "ipc", "uts", "mount"]
CLOSED = ["nosuid", "noexec", "nodev"]
MOUNTS = [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {
        "destination": "/dev/pts", "type": "devpts", "source": "devpts",
        "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": [*CLOSED, "ro"]},
]


class Bundle:
    """A folder with a tree and a `config.json`, which is `spec`."""

    def __init__(self, folder, layer):
        self.folder = folder
        self.tree = folder / "rootfs"
        self.tree.mkdir(parents=True)
        subprocess.run(["tar", "-C", self.tree, "-xf", layer], check=True)
        capabilities = ["CAP_KILL", "CAP_CHOWN", "CAP_SETUID", "CAP_SETGID", "CAP_MKNOD", "CAP_NET_BIND_SERVICE"]
        self.spec = {
            "ociVersion": "1.0.2",
            "process": {
                "args": ["sleep", "100"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0},
                "capabilities": {name: capabilities for name in ("bounding", "effective", "permitted")},
            },
            "root": {"path": "rootfs"},
            "mounts": json.loads(json.dumps(MOUNTS)),
            "linux": {
                "namespaces": [{"type": kind} for kind in NAMESPACES],
                "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            },
        }
        self.process, self.linux = self.spec["process"], self.spec["linux"]

    def shell(self, script):
        self.process["args"] = ["sh", "-c", script]

    def write(self):
        (self.folder / "config.json").write_text(json.dumps(self.spec))


class Runtime:
    """A runtime with a state folder of its own."""

    def __init__(self, name, place):
        self.name, self.place = name, place
        self.command = [RUNTIMES[name], "--root", str(place / f"state-{name}")]
        self.used = set()

    def __call__(self, *words, check=True, **options):
        # A container keeps its creator's streams: a pipe would not end before it.
        with open(self.place / "out", "w+") as out, open(self.place / "err", "w+") as err:
            argv = [*self.command, *map(str, words)]
            done = subprocess.run(
                argv, stdout=out, stderr=err, timeout=30 * engine.PATIENCE, **{"stdin": subprocess.DEVNULL, **options}
            )
            texts = [pathlib.Path(file.name).read_text() for file in (out, err)]
        result = engine.Result(done.returncode, *texts, argv)
        assert not check or result.code == 0, result
        return result

    def fails(self, *words, saying=""):
        result = self(*words, check=False)
        assert result.code != 0, result
        assert saying.lower() in result.err.lower(), result
        return result

    def create(self, bundle, name="box", *flags, **options):
        bundle.write()
        self.used.add(name)
        return self("create", "--bundle", bundle.folder, *flags, name, **options)

    def run(self, bundle, *flags, name="box", **options):
        bundle.write()
        self.used.add(name)
        return self("run", "--bundle", bundle.folder, *flags, name, **options)

    def state(self, name="box"):
        return json.loads(self("state", name).out)

    def status(self, name="box"):
        return self.state(name)["status"]

    def reaches(self, status, name="box"):
        eventually(lambda: self.status(name) == status, what=f"{name} to be {status}")

    def clean(self):
        for name in self.used:
            self("delete", "--force", name, check=False)
        folder = pathlib.Path(self.command[2])
        assert not folder.exists() or not list(folder.iterdir()), f"left in {folder}: {list(folder.iterdir())}"


@contextlib.contextmanager
def adopting():
    """Processes that are left alone become this one's children, as with conmon; they are collected at the end."""
    set_subreaper(1)
    try:
        yield
    finally:
        set_subreaper(0)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def set_subreaper(value):
    """(man 2 prctl: PR_SET_CHILD_SUBREAPER)"""
    ctypes.CDLL(None).prctl(36, value, 0, 0, 0)


def layer(place):
    path = place / "bundle.tar"
    if not path.exists():
        path.write_bytes(rootfs.busybox_layer())
    return path


def is_gone(pid):
    """Whether there is no such process, or only what is left until its parent asks."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def background(runtime, *words, **options):
    """A command that goes on beside the test."""
    runtime.used.add("box")
    return subprocess.Popen([*runtime.command, *map(str, words)], stdin=subprocess.DEVNULL, **options)


CGROUPS = pathlib.Path("/sys/fs/cgroup")


def is_unified():
    return (CGROUPS / "cgroup.controllers").exists()


def trees():
    """Of control groups: v2 has one, v1 some."""
    return [CGROUPS] if is_unified() else [tree for tree in CGROUPS.iterdir() if tree.is_dir() and not tree.is_symlink()]


def left_to_v2():
    """Controllers that a host of v1 has in v2's tree."""
    file = CGROUPS / "unified/cgroup.controllers"
    return file.read_text().split() if file.exists() else []


@contextlib.contextmanager
def all_in_v1():
    """Trees of v1 for those too, where that can be: crun refuses hosts that divide them."""
    with contextlib.ExitStack() as undo:
        for name in left_to_v2():
            tree = CGROUPS / name
            tree.mkdir(exist_ok=True)
            undo.callback(tree.rmdir)
            if subprocess.run(["mount", "-t", "cgroup", "-o", name, "cgroup", tree]).returncode == 0:
                undo.callback(subprocess.run, ["umount", tree], check=True)
        yield


def groups(path):
    """The folders of a control group in all trees."""
    return [tree / path for tree in trees() if (tree / path).is_dir()]


def remove_groups(path):
    """An empty one, which runtimes leave: it may be shared."""
    for folder in groups(path):
        folder.rmdir()


def limit(path, controller):
    file = {"memory": ("memory.max", "memory/{}/memory.limit_in_bytes"), "pids": ("pids.max", "pids/{}/pids.max")}[controller]
    place = CGROUPS / path / file[0] if is_unified() else CGROUPS / file[1].format(path)
    return int(place.read_text())
