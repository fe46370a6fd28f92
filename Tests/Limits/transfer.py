#!/usr/bin/env python3
"""Pull and push of a large image, beside dockerd, podman and skopeo, in turns, against a registry on this machine.

    Tests/Limits/transfer.py [--rounds 5] [--image archive.tar] [--format json]

The image is a docker-archive, or what it makes of the host's /usr: four layers, about 600 MB. All of them work on one
journaled ext4 in a loop image, with overlay2 where they unpack; each pull begins without the image. Medians, and the
smallest; podman and skopeo are left out where they are not installed.
"""
import argparse
import contextlib
import io
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "EndToEnd"))
import conftest
import engine as engines
import peer
import registry as registries
import rootfs

PARTS = [["lib/x86_64-linux-gnu", "lib/gcc"], ["share"], ["bin", "sbin"], ["lib/python3", "lib/git-core", "include"]]


def host_layers(megabytes=150):
    """A layer of each part of /usr, the first so many megabytes of each."""
    for folders in PARTS:
        found = [f"/usr/{folder}" for folder in folders if pathlib.Path("/usr", folder).is_dir()]
        archive = subprocess.Popen(
            ["tar", "-c", "-P", "--sort=name", "--transform=s,^/,,", *found], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        yield archive.stdout.read(megabytes << 20)
        archive.kill()
        archive.wait()


def whole(layer):
    """The members of a tar that was cut off, as a whole tar."""
    members = []
    with contextlib.suppress(tarfile.ReadError, EOFError), tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        for info in archive:
            data = archive.extractfile(info).read() if info.isreg() else b""
            if info.isreg() and len(data) < info.size:
                break
            members.append((info, data))
    return rootfs.tar(members)


class Engine:
    """A daemon that speaks Docker's API."""

    def __init__(self, name, daemon):
        self.name, self.daemon = name, daemon

    def pull(self, image):
        self.daemon.docker("pull", "-q", image, timeout=300)

    def push(self, image):
        self.daemon.docker("push", "-q", image, timeout=300)

    def tag(self, image, name):
        self.daemon.docker("tag", image, name)

    def forget(self, image):
        self.daemon.docker("image", "rm", image, timeout=300)


class Podman:
    """podman, with a store of its own."""

    name = "podman"

    def __init__(self, folder):
        self.flags = ["--root", folder / "podman", "--runroot", folder / "podman-run", "--storage-driver", "overlay"]

    def run(self, *words):
        done = engines.run(["podman", *self.flags, *words], timeout=300)
        assert done.code == 0, done

    def pull(self, image):
        self.run("pull", "-q", "--tls-verify=false", image)

    def push(self, image):
        self.run("push", "-q", "--tls-verify=false", image)

    def tag(self, image, name):
        self.run("tag", image, name)

    def forget(self, image):
        self.run("rmi", image)


class Skopeo:
    """skopeo, which unpacks nothing: it copies blobs into a folder, and out of it."""

    name = "skopeo (no unpacking)"

    def __init__(self, folder):
        self.folder = folder / "skopeo"

    def copy(self, *words):
        done = engines.run(["skopeo", "--insecure-policy", "copy", "-q", *words], timeout=300)
        assert done.code == 0, done

    def pull(self, image):
        self.copy("--src-tls-verify=false", f"docker://{image}", f"dir:{self.folder}")

    def push(self, image):
        self.copy("--dest-tls-verify=false", f"dir:{self.folder}", f"docker://{image}")

    def tag(self, image, name):
        pass

    def forget(self, _):
        shutil.rmtree(self.folder, ignore_errors=True)


def timed(body, *arguments):
    subprocess.run(["sync"], check=True)
    began = time.monotonic()
    body(*arguments)
    return time.monotonic() - began


def measure(rounds, archive):
    place = pathlib.Path(tempfile.mkdtemp(prefix="varve-transfer-", dir="/var/tmp"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, place)
        disk = stack.enter_context(conftest.loop_disk(place / "disk.img", place / "disk", "40G"))
        registry = registries.Registry(disk / "registry")
        stack.callback(registry.stop)
        ours = engines.Daemon(f"v-{os.getpid()}", place, disk, "overlay2")
        stack.callback(ours.tear_down)
        ours.start()
        docker = peer.Dockerd(f"p-{os.getpid()}", place, disk, "overlay2")
        docker.in_host_network = True
        stack.callback(docker.tear_down)
        docker.start()
        image = f"{registry.host}/big:latest"
        ours.docker("load", *(["-i", archive] if archive else []), stdin=None if archive else made(image), timeout=600)
        if archive:
            loaded = ours.docker("images", "-q").lines[0]
            ours.docker("tag", loaded, image)
        ours.docker("push", "-q", image, timeout=600)
        engine_list = [Engine("varve", ours), Engine("dockerd", docker)]
        engine_list += [Podman(disk)] if shutil.which("podman") else []
        engine_list += [Skopeo(disk)] if shutil.which("skopeo") else []
        # By every name that it has.
        ours.docker("image", "rm", "-f", *ours.docker("images", "-q", "--no-trunc").lines)
        return rounds_of(engine_list, disk, image, rounds)


def made(image):
    return rootfs.docker_archive([whole(layer) for layer in host_layers()], image)


def rounds_of(engine_list, disk, image, rounds):
    times = {engine.name: {"pull": [], "push": []} for engine in engine_list}
    for _ in range(rounds):
        for engine in engine_list:
            times[engine.name]["pull"].append(timed(engine.pull, image))
            with empty_registry(disk) as host:
                name = f"{host}/big:pushed"
                engine.tag(image, name)
                times[engine.name]["push"].append(timed(engine.push, name))
                engine.forget(name)
            engine.forget(image)
    return times


@contextlib.contextmanager
def empty_registry(disk):
    """One that has no layer yet; one that runs believes in layers that it had."""
    folder = disk / "empty"
    registry = registries.Registry(folder)
    try:
        yield registry.host
    finally:
        registry.stop()
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--image", type=pathlib.Path)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # daemons end, disks are unmounted
    times = measure(given.rounds, given.image)
    if given.format == "json":
        print(json.dumps(times, indent=2))
        return
    print(f"{'':24}{'pull s':>10}{'(least)':>10}{'push s':>10}{'(least)':>10}")
    for name, both in times.items():
        figures = [figure(both[verb]) for verb in ("pull", "push") for figure in (statistics.median, min)]
        print(f"{name:24}" + "".join(f"{figure:10.2f}" for figure in figures))


if __name__ == "__main__":
    main()
