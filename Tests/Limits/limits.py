#!/usr/bin/env python3
"""What the daemon takes at its limits: memory (its peak), time, and whether anybody is held up.

    Tests/Limits/limits.py [CASE...] [--format json] [--driver overlay2]

Each case runs on a fresh daemon, on a journaled ext4 of its own; without names all of them run, which takes half an hour.
Measured are the release programs, or those in VARVE_BIN. Nothing here passes or fails but by ending at all: the figures
are for people.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "EndToEnd"))
import conftest
import engine as engines
import registry as registries
import rootfs

CASES = {}


def case(function):
    CASES[function.__name__.replace("_", "-")] = function
    return function


class Scene:
    """A daemon with busybox, and what was measured of it."""

    def __init__(self, daemon, place):
        self.daemon, self.place, self.figures = daemon, place, {}

    def busybox(self):
        path = self.place / "busybox.tar"
        path.write_bytes(rootfs.busybox_archive())
        self.daemon.docker("load", "-i", path)

    def create(self, name, *command, **host):
        body = {"Image": "busybox", "Cmd": list(command) or ["sleep", "3600"], "HostConfig": {"NetworkMode": "none", **host}}
        status, answer = self.daemon.api("POST", f"/containers/create?name={name}", body)
        assert status == 201, answer
        return json.loads(answer)["Id"]

    def start(self, name):
        status, answer = self.daemon.api("POST", f"/containers/{name}/start")
        assert status == 204, answer

    def memory(self, when):
        """The daemon's peak so far, and what it has now."""
        status = dict(
            line.split(":", 1) for line in pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text().splitlines()
        )
        self.figures[f"daemon's peak RSS {when}, MB"] = round(int(status["VmHWM"].split()[0]) / 1024, 1)
        self.figures[f"daemon's RSS {when}, MB"] = round(int(status["VmRSS"].split()[0]) / 1024, 1)

    @contextlib.contextmanager
    def timed(self, what):
        began = time.monotonic()
        yield
        self.figures[f"{what}, s"] = round(time.monotonic() - began, 3)


def many(count, body, width=16):
    with concurrent.futures.ThreadPoolExecutor(width) as pool:
        return list(pool.map(body, range(count)))


@case
def containers_1000(scene):
    """1,000 containers in the list."""
    scene.busybox()
    with scene.timed("create 1,000 containers"):
        many(1000, lambda number: scene.create(f"box-{number}"))
    times = []
    for _ in range(10):
        began = time.monotonic()
        status, answer = scene.daemon.api("GET", "/containers/json?all=1")
        times.append(time.monotonic() - began)
        assert status == 200 and len(json.loads(answer)) == 1000
    scene.figures["list 1,000 containers, ms (median of 10)"] = round(sorted(times)[5] * 1000, 1)
    scene.memory("with 1,000 containers")
    restart(scene)


@case
def running_200(scene):
    """200 containers that run at once, and their statistics followed."""
    scene.busybox()
    names = [f"box-{number}" for number in range(200)]
    many(200, lambda number: scene.create(names[number]))
    with scene.timed("start 200 containers"):
        many(200, lambda number: scene.start(names[number]))
    scene.memory("with 200 running")
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(stream(scene, f"/containers/{name}/stats")) for name in names]
        for answer in streams:
            assert json.loads(answer.readline())["pids_stats"]["current"] == 1
        scene.memory("with 200 followed by stats")
    with scene.timed("remove 200 running containers"):
        many(200, lambda number: scene.daemon.api("DELETE", f"/containers/{names[number]}?force=1"))


@contextlib.contextmanager
def stream(scene, path):
    connection = engines.UnixConnection(scene.daemon.socket, 120)
    with contextlib.closing(connection):
        connection.request("GET", path)
        yield connection.getresponse()


@case
def followers_100(scene):
    """100 clients follow one log, one more reads nothing; 20,000 lines come."""
    scene.busybox()
    script = "while [ ! -e /go ]; do sleep 0.05; done; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done"
    scene.create("box", "sh", "-c", script)
    scene.start("box")

    def follow(_):
        with stream(scene, "/containers/box/logs?stdout=1&follow=1") as answer:
            return len(answer.read())

    with stream(scene, "/containers/box/logs?stdout=1&follow=1"), concurrent.futures.ThreadPoolExecutor(100) as pool:
        read = [pool.submit(follow, number) for number in range(100)]
        time.sleep(2)
        with scene.timed("20,000 lines to 100 followers"):
            scene.daemon.docker("exec", "box", "touch", "/go")
            counts = {future.result() for future in read}
        assert counts == {sum(8 + len(f"line {number}\n") for number in range(1, 20001))}, counts
        scene.memory("with 100 followers")


@case
def log_10_gb(scene):
    """A log of 10 GB: its end, a time in it, and all of it."""
    scene.busybox()
    scene.create("box", "echo", "hello")
    scene.start("box")
    scene.daemon.docker("wait", "box")
    path = scene.daemon.inspect("box", "{{json .LogPath}}")
    line = json.dumps({"log": "x" * 120 + "\n", "stream": "stdout", "time": "2026-11-22T00:00:00.000000000Z"}) + "\n"
    block = (line * (16 * 1024 * 1024 // len(line))).encode()
    with open(path, "wb") as file:
        for _ in range(10 * 1024 // 16):
            file.write(block)
        file.write(line.replace("00:00:00.0", "01:00:00.0").encode())
    with scene.timed("its last 10 lines of 10 GB"), stream(scene, "/containers/box/logs?stdout=1&tail=10") as answer:
        assert len(answer.read()) == 10 * 129
    since = int(subprocess.check_output(["date", "-d", "2026-11-22T00:30:00Z", "+%s"]))
    with scene.timed("its last line by time of 10 GB"), stream(scene, f"/containers/box/logs?stdout=1&since={since}") as answer:
        assert len(answer.read()) == 129
    began, size = time.monotonic(), 0
    with stream(scene, "/containers/box/logs?stdout=1") as answer:
        while size < 1 << 30 and (chunk := answer.read(1 << 20)):
            size += len(chunk)
    scene.figures["read of a 10 GB log, MB/s"] = round(size / 1e6 / (time.monotonic() - began))
    scene.memory("with a 10 GB log")


@case
def pulls_64(scene):
    """64 pulls of one image of 400 MB at once."""
    with contextlib.ExitStack() as stack:
        registry = registries.Registry(scene.place / "registry")
        stack.callback(registry.stop)
        name = f"{registry.host}/big"
        layers = [rootfs.tar([rootfs.member(f"file-{number}", data=os.urandom(100 << 20))]) for number in range(4)]
        scene.daemon.docker("load", stdin=rootfs.docker_archive(layers, f"{name}:latest"), timeout=300)
        scene.daemon.docker("push", "-q", name, timeout=300)
        scene.daemon.docker("image", "rm", name)
        with scene.timed("64 pulls of one image of 400 MB"):
            many(64, lambda _: scene.daemon.docker("pull", "-q", name, timeout=600), width=64)
        scene.memory("with 64 pulls")


@case
def layers_127(scene):
    """An image of 127 layers: loaded, run, saved."""
    layers = [rootfs.busybox_layer()] + [rootfs.tar([rootfs.member(f"file-{number}", data=b"x")]) for number in range(126)]
    archive = rootfs.docker_archive(layers, "deep:latest")
    with scene.timed("load 127 layers"):
        scene.daemon.docker("load", stdin=archive, timeout=300)
    with scene.timed("run on 127 layers"):
        assert scene.daemon.docker("run", "--rm", "--network", "none", "deep", "ls", "/file-0", "/file-125").code == 0
    with scene.timed("save 127 layers"):
        scene.daemon.docker("save", "-o", scene.place / "saved.tar", "deep", timeout=300)
    scene.memory("with 127 layers")


@case
def slow_readers(scene):
    """Streams that nobody reads: an export, a save, a copy, a log and events; somebody else is served meanwhile."""
    scene.busybox()
    scene.create("box", "sh", "-c", "dd if=/dev/urandom of=/big bs=1M count=300; yes | head -c 200000000; sleep 3600")
    scene.start("box")
    while scene.daemon.docker("exec", "box", "sh", "-c", "pidof yes dd; true").out.strip():
        time.sleep(0.5)
    paths = ["/containers/box/export", "/images/busybox/get", "/containers/box/archive?path=/big", "/events"]
    paths += ["/containers/box/logs?stdout=1&follow=1"]
    with contextlib.ExitStack() as stack:
        for path in paths * 4:
            stack.enter_context(stream(scene, path))
        time.sleep(3)
        with scene.timed("a run beside 20 streams that nobody reads"):
            scene.daemon.docker("run", "--rm", "--network", "none", "busybox", "true")
        scene.memory("with 20 streams that nobody reads")


@case
def start_up(scene):
    """Start-up with 1,000 images of 10 layers each and 1,000 stopped containers."""
    scene.busybox()
    with scene.timed("load 1,000 images of 10 layers"):
        many(1000, lambda number: scene.daemon.docker("load", "-q", stdin=small_image(number), timeout=600), width=8)
    many(1000, lambda number: scene.create(f"box-{number}"))
    assert len(json.loads(scene.daemon.api("GET", "/images/json")[1])) == 1001
    scene.memory("with 1,000 images and containers")
    restart(scene)


def small_image(number):
    """An image of 10 layers that no other image has."""
    layers = [rootfs.tar([rootfs.member(f"file-{layer}", data=b"%d" % number)]) for layer in range(10)]
    return rootfs.docker_archive(layers, f"image-{number}:latest")


def restart(scene):
    """The time until it answers, five times: the first without anything in the page cache."""
    times = []
    for _ in range(5):
        scene.daemon.stop()
        if not times:
            pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")
        began = time.monotonic()
        scene.daemon.start(timeout=120)
        times.append(round(time.monotonic() - began, 3))
    scene.figures["start-up, s (first without page cache)"] = times[0]
    scene.figures["start-up, s (median of 4)"] = sorted(times[1:])[2]
    scene.memory("after start-up")


def measure(name, driver):
    place = pathlib.Path(tempfile.mkdtemp(prefix="varve-limits-", dir="/var/tmp"))
    try:
        with conftest.loop_disk(place / "disk.img", place / "disk", "60G") as disk:
            daemon = engines.Daemon(f"v-{os.getpid()}", place, disk, driver)
            scene = Scene(daemon, place)
            try:
                daemon.start()
                CASES[name](scene)
            finally:
                daemon.tear_down()
        return scene.figures
    finally:
        shutil.rmtree(place)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--driver", default="overlay2")
    parser.add_argument("--format", choices=["table", "json"], default="table")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # daemons end, disks are unmounted
    if unknown := set(given.cases) - set(CASES):
        parser.error(f"unknown cases: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    figures = {}
    for name in given.cases or CASES:
        print(f"── {name}: {CASES[name].__doc__}", file=sys.stderr)
        figures[name] = measure(name, given.driver)
        if given.format == "table":
            for what, value in figures[name].items():
                print(f"{value:>10}  {what}")
    if given.format == "json":
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
