#!/usr/bin/env python3
"""What a launch takes, beside dockerd, podman with crun, crun alone and the kernel alone.

    Tests/Limits/launch.py [--rounds 40] [--format json]

One busybox, `true` in it, from the command to its end, network none and the default bridge, each round in another order
and after a pause, so that nobody always pays for what somebody else left to the kernel; then 100 containers that 8 clients
start at once; then the memory of a monitor. All of it in a network namespace of its own, on a journaled ext4 in a loop
image, with overlay2. Milliseconds are medians and the smallest; who is not installed is left out. `varve` and `docker` are the
commands, both against varved, then docker against dockerd; crun gets a bundle with the seccomp profile of Debian's
golang-github-containers-common, which is made from Docker's; `kernel` is floor.c, as it times itself.
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "EndToEnd"))
import bundles
import conftest
import engine as engines
import peer
import rootfs

PROFILE = pathlib.Path("/usr/share/containers/seccomp.json")
NETWORKS = ["none", "bridge"]


class Bridged(peer.Dockerd):
    """dockerd with the network that it has when nobody says otherwise; its namespace is its own."""

    def argv(self):
        without = ("--bridge=none", "--iptables=false", "--ip-masq=false")
        return [word for word in super().argv() if word not in without]


class Client:
    """A command of a daemon's, as its people type it."""

    networks = NETWORKS

    def __init__(self, name, program, daemon):
        self.name, self.program, self.daemon = name, program, daemon
        self.environment = {"DOCKER_HOST": daemon.host, "HOME": "/root", "PATH": os.environ["PATH"]}

    def run(self, *words):
        # No `timeout`: Python would look only now and then whether it has ended.
        subprocess.run([self.program, *words], env=self.environment, check=True, stdout=subprocess.DEVNULL)

    def true(self, network):
        self.run("run", "--rm", "--network", network, "busybox", "true")

    def start(self, name, network):
        self.run("run", "-d", "--network", network, "--name", name, "busybox", "sleep", "600")

    def remove(self, names):
        self.run("rm", "-f", *names)


class Podman(Client):
    """podman with crun, and a store of its own."""

    def __init__(self, folder, archive):
        self.name, self.program = "podman + crun", "podman"
        # Its own limits are higher than a root without CAP_SYS_RESOURCE may give.
        settings = folder / "containers.conf"
        settings.write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n')
        self.environment = {**os.environ, "CONTAINERS_CONF": str(settings)}
        self.flags = ["--root", folder / "podman", "--runroot", folder / "podman-run", "--storage-driver", "overlay"]
        self.flags += ["--runtime", "crun", "--cgroup-manager", "cgroupfs"]
        self.run("load", "-q", "-i", archive)

    def run(self, *words):
        words = ["podman" if word == "bridge" else word for word in words]
        super().run(*map(str, self.flags), *words)


class Crun:
    """crun with a bundle: no daemon, no image, no network."""

    name = "crun run (seccomp)"

    def __init__(self, folder, layer):
        self.folder, self.number = folder, 0
        bundle = bundles.Bundle(folder / "bundle", layer)
        bundle.process["args"] = ["true"]
        bundle.linux["seccomp"] = seccomp()
        bundle.linux["cgroupsPath"] = "/varve-launch-crun"
        bundle.write()

    networks = ["none"]

    def true(self, network):
        self.number += 1
        words = ["--root", self.folder / "crun", "run", "--bundle", self.folder / "bundle", f"b{self.number}"]
        subprocess.run(["crun", *words], check=True, stdout=subprocess.DEVNULL)


def seccomp():
    """Docker's profile as a configuration has it, for a container with its usual rights."""
    profile = json.loads(PROFILE.read_text())
    def applies(rule):
        wanted, unwanted = rule.get("includes") or {}, rule.get("excludes") or {}
        return not wanted.get("caps") and "amd64" in wanted.get("arches", ["amd64"]) and "amd64" not in unwanted.get("arches", [])
    keys = ("names", "action", "errnoRet", "args")
    rules = [{key: rule[key] for key in keys if rule.get(key)} for rule in profile["syscalls"] if applies(rule)]
    return {
        "defaultAction": profile["defaultAction"], "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": rules,
    }


class Floor:
    """The kernel, and a program of a hundred lines."""

    name, networks = "kernel (floor.c)", ["none"]

    def __init__(self, place, disk, layer, filter_program):
        self.program = place / "floor"
        subprocess.run(["clang", "-O2", "-o", self.program, HERE / "floor.c"], check=True)
        (place / "filter").write_bytes(filter_program)
        folders = [disk / name for name in ("floor-tree", "floor-upper", "floor-work", "floor-merged")]
        for folder in folders:
            folder.mkdir()
        subprocess.run(["tar", "-C", folders[0], "-xf", layer], check=True)
        for name in ("proc", "sys", "dev"):
            (folders[0] / name).mkdir(exist_ok=True)
        self.words = [self.program, *folders, place / "filter"]

    def true(self, _):
        return float(subprocess.run(self.words, capture_output=True, text=True, check=True, timeout=60).stdout)


def milliseconds(body, *arguments):
    """As it says itself, or from here."""
    began = time.perf_counter()
    own = body(*arguments)
    return (time.perf_counter() - began) * 1e3 if own is None else own


def in_turns(clients, rounds):
    """Name → network → milliseconds."""
    times = {client.name: {network: [] for network in NETWORKS} for client in clients}
    turns = [(client, network) for client in clients for network in client.networks]
    for number in range(rounds + 2):
        for client, network in random.sample(turns, len(turns)):
            time.sleep(0.05)
            took = milliseconds(client.true, network)
            if number >= 2:
                times[client.name][network].append(took)
    return times


def many(client, network, count=100, clients=8):
    """How many a second."""
    names = [f"many{number}" for number in range(count)]
    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda name: client.start(name, network), names))
    took = time.perf_counter() - began
    client.remove(names)
    return count / took


def monitor_memory(client):
    """Private kilobytes of the monitor of a container that sleeps, and the program that its filter is."""
    client.start("sleeper", "none")
    inspected = client.daemon.docker("inspect", "-f", "{{.State.Pid}} {{.Id}}", "sleeper").out.split()
    parent = next(
        line.split()[1] for line in pathlib.Path(f"/proc/{inspected[0]}/status").read_text().splitlines() if line.startswith("PPid")
    )
    rollup = pathlib.Path(f"/proc/{parent}/smaps_rollup").read_text()
    program = (client.daemon.exec_root / inspected[1] / "seccomp").read_bytes()
    client.remove(["sleeper"])
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private")), program


def measure(rounds):
    place = pathlib.Path(tempfile.mkdtemp(prefix="varve-launch-", dir="/var/tmp"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, place)
        disk = stack.enter_context(conftest.loop_disk(place / "disk.img", place / "disk", "20G"))
        archive, layer = place / "busybox.tar", place / "layer.tar"
        archive.write_bytes(rootfs.busybox_archive())
        layer.write_bytes(rootfs.busybox_layer())
        ours = started(stack, engines.Daemon(f"v-{os.getpid()}", place, disk, "overlay2"), archive)
        clients = [Client("varve", engines.BIN / "varve", ours)]
        daemons = clients[:1]
        if shutil.which("dockerd"):
            theirs = started(stack, Bridged(f"p-{os.getpid()}", place, disk, "overlay2"), archive)
            version = theirs.docker("version", "-f", "{{.Server.Version}}").lines[0]
            daemons.append(Client(f"docker, dockerd {version}", "docker", theirs))
            clients += [Client("docker, varved", "docker", ours), daemons[1]]
        if shutil.which("podman") and shutil.which("crun"):
            clients.append(Podman(disk, archive))
        if shutil.which("crun") and PROFILE.exists():
            clients.append(Crun(disk, layer))
        memory, program = monitor_memory(clients[0])
        clients.append(Floor(place, disk, layer, program))
        times = in_turns(clients, rounds)
        rates = {client.name: {network: [] for network in NETWORKS} for client in daemons}
        for _ in range(3):
            for client in daemons:
                for network in NETWORKS:
                    rates[client.name][network].append(many(client, network))
        return {"milliseconds": times, "a second": rates, "monitor kB": memory}


def started(stack, daemon, archive):
    stack.callback(daemon.tear_down)
    daemon.start()
    daemon.docker("load", "-i", archive)
    return daemon


def show(found):
    print(f"{'ms':24}" + "".join(f"{head:>12}" for head in ("none", "(least)", "bridge", "(least)")))
    for name, both in found["milliseconds"].items():
        figures = [f"{of(both[n]):12.1f}" if both[n] else f"{'':>12}" for n in NETWORKS for of in (statistics.median, min)]
        print(f"{name:24}" + "".join(figures))
    print(f"\n{'100 by 8 clients, a second':28}" + "".join(f"{n:>12}" for n in NETWORKS))
    for name, both in found["a second"].items():
        print(f"{name:28}" + "".join(f"{statistics.median(both[n]):12.0f}" for n in NETWORKS))
    print(f"\nprivate memory of a monitor: {found['monitor kB']} kB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    given = parser.parse_args()
    if os.environ.get("VARVE_LAUNCH_NAMESPACE") is None:
        script = 'ip link set lo up && exec "$@"'
        words = ["unshare", "--net", "--mount", "sh", "-c", script, "sh", sys.executable, *sys.argv]
        os.execvpe("unshare", words, {**os.environ, "VARVE_LAUNCH_NAMESPACE": "own"})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # daemons end, disks are unmounted
    found = measure(given.rounds)
    print(json.dumps(found, indent=2)) if given.format == "json" else show(found)


if __name__ == "__main__":
    main()
