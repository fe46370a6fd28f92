"""What the daemon does before the power goes: images come and go, containers write, the daemon is killed once.

At each step it is written down what a power cut must not take away any more: a *promise*. Promises are made when the
user could know them to be kept: an image was reported loaded, committed or imported, a name was reported given, or the
user has flushed the disk (`sync -f`). They end when the user begins to remove the object.
"""
import copy
import dataclasses
import random
import subprocess
import time

import rootfs

# The kernel writes data back when they are older than that; metadata go each second here: between the two, files
# whose names are on the disk and whose contents are not.
JOURNAL_SECONDS = 1


@dataclasses.dataclass
class Promises:
    """What must hold from a moment on."""

    doing: str = "nothing yet"
    images: dict = dataclasses.field(default_factory=dict)          # ID → names: there, under those names
    containers: list = dataclasses.field(default_factory=list)      # names: there
    wrote: dict = dataclasses.field(default_factory=dict)           # container → a path that it added
    gone: list = dataclasses.field(default_factory=list)            # IDs of images, names of containers: not there


def busybox(*more):
    """A layer with busybox and the few commands that the workload needs: each file costs time under TCG."""
    members = [*map(rootfs.folder, ("bin", "etc")), rootfs.member("etc/motd", data=b"welcome\n"), *more]
    members.append(rootfs.member("bin/busybox", data=rootfs.BUSYBOX.read_bytes(), mode=0o755))
    return rootfs.tar(members + [rootfs.symlink(f"bin/{name}", "busybox") for name in ("sh", "echo", "date", "sleep", "dd", "rm", "mkdir", "true")])


class Image:
    """An image as an archive, its layers of files that nobody else has."""

    def __init__(self, name, folder, seed, count, base=(), **config):
        self.name, self.path, self.random = name, folder / f"{name.replace(':', '-')}.tar", random.Random(seed)
        base = base or [busybox()]
        self.layers = [*base, *(self.layer(seed, n) for n in range(count))]
        configuration = rootfs.image_config(self.layers, **config)
        self.id = rootfs.image_id(self.layers, configuration)
        self.path.write_bytes(rootfs.docker_archive(self.layers, name, configuration))

    def layer(self, seed, number):
        """Small files, a large one, links, a deletion, and a folder that hides the one of the layer below."""
        top = f"s{seed}"
        files = [rootfs.member(f"{top}/{number}-{n}", data=self.random.randbytes(self.random.randrange(4000))) for n in range(40)]
        members = [rootfs.folder(top), *files, rootfs.member(f"{top}/large{number}", data=self.random.randbytes(150_000))]
        members += [rootfs.hardlink(f"{top}/again{number}", f"{top}/large{number}"), rootfs.symlink(f"{top}/to{number}", "large0")]
        if number:
            members += [rootfs.member(f"{top}/.wh.{number - 1}-3"), rootfs.folder("opaque"), rootfs.member("opaque/.wh..wh..opq")]
        return rootfs.tar([*members, rootfs.folder("opaque"), rootfs.member(f"opaque/{number}", data=b"seen")])


class Workload:
    """Drives one daemon; `mark(text)` writes a mark into the device's log."""

    def __init__(self, daemon, mark, folder):
        self.daemon, self.mark, self.events, self.now = daemon, mark, [], Promises()
        self.first = Image("first:1", folder, 1, 2)
        self.second = Image("second:1", folder, 2, 4, base=self.first.layers[:1])
        self.twin = Image("second:2", folder, 2, 4, base=self.first.layers[:1], Env=["PATH=/bin", "TWIN=yes"])
        self.third = Image("third:1", folder, 3, 2, base=self.first.layers[:2])
        self.fourth = Image("fourth:1", folder, 4, 2, base=self.first.layers[:1])

    def step(self, doing):
        """From here on these promises hold."""
        self.now.doing = doing
        self.mark(str(len(self.events)))
        self.events.append(copy.deepcopy(self.now))

    def load(self, image):
        self.now.gone = [name for name in self.now.gone if name != image.id]
        self.step(f"load {image.name}")
        self.daemon.varve("load", "-i", image.path)
        self.keep(image.id, image.name)

    def keep(self, image, name):
        """It was reported done: from now on the image has that name."""
        self.now.images.setdefault(image, []).append(name)
        self.step(f"after {self.now.doing}")

    def commit(self, container, name):
        self.step(f"commit {name}")
        self.keep(self.daemon.varve("commit", container, name).out.strip(), name)

    def take_in(self, name):
        self.step(f"import {name}")
        path = self.first.path.with_name("import.tar")
        path.write_bytes(busybox(rootfs.member("imported", data=b"alone")))
        self.keep(self.daemon.varve("import", path, name).out.strip(), name)

    def tag(self, image, name):
        self.step(f"tag {name}")
        self.daemon.varve("tag", image.name, name)
        self.keep(image.id, name)

    def remove_image(self, image):
        self.now.images.pop(image.id, None)
        self.step(f"rmi {image.name}")
        self.daemon.varve("rmi", image.name)

    def run(self, name, image, script, *flags):
        self.step(f"run {name}")
        self.daemon.varve("run", *flags, "--name", name, "--network", "none", image.name, "sh", "-c", script, timeout=120)

    def remove_container(self, name):
        self.now.containers = [other for other in self.now.containers if other != name]
        self.now.wrote.pop(name, None)
        self.step(f"rm {name}")
        self.daemon.varve("rm", "-f", name)

    def sync(self, **promised):
        """The user flushes the disk: all that there is now stays."""
        subprocess.run(["sync", "-f", self.daemon.data_root], check=True)
        for key, value in promised.items():
            setattr(self.now, key, value)
        self.step("after sync")

    def settle(self, seconds=2.5 * JOURNAL_SECONDS):
        """Time for the kernel to write some of what it has not written."""
        self.step("idle")
        time.sleep(seconds)

    def act(self):
        """All of it."""
        self.load(self.first)
        self.run("writer", self.first, "echo data >/mine; rm /etc/motd; mkdir /made; dd if=/dev/zero of=/large bs=64k count=8 2>&1")
        self.run("runner", self.first, "while :; do date; date >>/s1/log; sleep 0.3; done", "-d")
        self.step("create waiting")
        self.daemon.varve("create", "--name", "waiting", "--network", "none", self.first.name, "true")
        self.settle()
        self.commit("writer", "committed:1")
        self.load(self.second)
        self.load(self.twin)
        self.settle()
        self.sync(containers=["writer", "runner", "waiting"], wrote={"writer": "/mine"})
        self.step("start waiting")
        self.daemon.varve("start", "waiting")
        self.settle()
        self.remove_image(self.twin)
        self.load(self.third)
        self.remove_image(self.third)
        self.load(self.third)
        self.killed()
        self.tag(self.second, "other:1")
        self.take_in("imported:1")
        self.remove_container("writer")
        self.sync(gone=[self.twin.id, "writer"])
        self.remove_container("runner")
        self.remove_image(self.fourth)
        self.settle()
        self.remove_container("waiting")

    def killed(self):
        """The daemon is killed while it loads, and started again."""
        self.step("kill -9 during load")
        child = self.daemon.spawn("load", "-i", self.fourth.path, command=str(self.daemon.varve_program), stdin=subprocess.DEVNULL)
        time.sleep(0.4)
        self.daemon.kill9()
        child.communicate(timeout=60)
        self.step("start after kill -9")
        self.daemon.start(120)
        self.load(self.fourth)
