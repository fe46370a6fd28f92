"""`driver bench --peer`: daemons side by side in one report, and nothing of it left on any of them."""
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import engine

WORKLOADS = {
    "daemon/load", "daemon/pull", "daemon/rmi", "daemon/commit", "daemon/run", "daemon/create", "daemon/start-stop",
    "daemon/exec", "daemon/rm", "daemon/at-once/8",
}


class Bench:
    """A run, in the background or to its end."""

    def __init__(self, home, peers, *words):
        self.file = home / "report.json"
        self.file.unlink(missing_ok=True)
        named = [word for name, place in peers.items() for word in ("--peer", f"{name}={place}")]
        self.argv = [
            engine.BIN / "varved", "driver", "bench", "run", "--home", home, "--quick", "--rounds", "3", "--json", self.file, *named, *words,
        ]

    def run(self, timeout=300):
        return engine.run(self.argv, timeout=timeout)

    def spawn(self):
        return subprocess.Popen([str(word) for word in self.argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @property
    def report(self):
        return json.loads(self.file.read_text())

    def row(self, target):
        return {each["id"]: each for each in self.report["targets"]}[target]

    def problems(self, target):
        return {each["workload"]: each.get("problem") for each in self.report["results"] if each["target"] == target}


@pytest.fixture(scope="module")
def home(disk):
    folder = disk / "bench"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def pair(make_module_daemon, busybox_tar):
    """Varve and dockerd, each with an image and a container of somebody else's."""
    varve = make_module_daemon("overlay2")
    docker = make_module_daemon("overlay2", kind="dockerd", start=False)
    docker.in_host_network = True       # the benchmark's registry listens there
    docker.start()
    daemons = {"varve": varve, "docker": docker}
    for daemon in daemons.values():
        daemon.docker("load", "-i", busybox_tar)
        daemon.docker("create", "--name", "others", "--network", "none", "busybox", "true")
    return daemons


def addresses(daemons):
    return {name: daemon.host for name, daemon in daemons.items()}


def holdings(daemon):
    return daemon.docker("ps", "-a", "--format", "{{.Names}}").lines, daemon.docker("images", "-a", "--format", "{{.Repository}}").lines


OTHERS = (["others"], ["busybox"])


def assert_clean(daemons):
    assert {name: holdings(daemon) for name, daemon in daemons.items()} == dict.fromkeys(daemons, OTHERS)


def wait_for_container(daemon, process, timeout=60):
    """Until the run has one on that daemon."""
    deadline = time.monotonic() + timeout * engine.PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if json.loads(daemon.api("GET", "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22varve.bench%22%5D%7D")[1]):
            return
        time.sleep(0.01)
    raise AssertionError(f"no container was made: {process.communicate(timeout=10) if process.poll() is not None else 'too slow'}")


def test_all_in_one_report(pair, home):
    bench = Bench(home, addresses(pair))
    said = bench.run()
    assert said.code == 0, said
    report = bench.report
    assert report["ending"] == "finished" and not report["problems"]
    assert {each["id"] for each in report["workloads"]} == WORKLOADS
    assert [(each["id"], each["kind"], each.get("baseline")) for each in report["targets"]] == [("varve", "peer", None), ("docker", "peer", None)]
    for name in pair:
        assert {"Driver: overlay2"} < set(bench.row(name)["status"])
        assert bench.row(name)["fileSystem"] == "ext4"
    for result in report["results"]:
        assert "problem" not in result and len(result["samples"]) >= 3, result
        # What a daemon does is not done by the benchmark's own processes.
        assert all(set(sample) == {"value"} and sample["value"] > 0 for sample in result["samples"])
    assert len(report["results"]) == 2 * len(WORKLOADS)
    assert_clean(pair)


def test_beside_drivers(pair, home):
    bench = Bench(home, {"varve": pair["varve"].host}, "--driver", "overlay2", "--workload", "daemon/create", "--workload", "container/1-layers")
    said = bench.run()
    assert said.code == 0, said
    assert [each["id"] for each in bench.report["targets"]] == ["plain", "overlay2", "varve"]
    measured = {(each["workload"], each["target"]) for each in bench.report["results"] if len(each["samples"]) >= 3}
    assert measured == {("daemon/create", "varve"), ("container/1-layers", "plain"), ("container/1-layers", "overlay2")}
    assert_clean(pair)


def test_given_image(pair, home, busybox_tar):
    """Somebody's image is measured under another name, and stays."""
    bench = Bench(home, addresses(pair), "--image", busybox_tar, "--workload", "daemon/load", "--workload", "daemon/run")
    said = bench.run()
    assert said.code == 0, said
    assert {name: bench.problems(name) for name in pair} == dict.fromkeys(pair, {"daemon/load": None, "daemon/run": None})
    assert_clean(pair)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_stopped_in_the_middle(pair, home, name):
    bench = Bench(home, addresses(pair))
    process = bench.spawn()
    wait_for_container(pair["docker"], process)
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=60 * engine.PATIENCE)
    assert process.returncode == 130
    report = bench.report
    assert report["ending"] == "stopped" and report["reason"] == "interrupted" and not report["problems"]
    assert {each["workload"] for each in report["results"]} < WORKLOADS
    assert_clean(pair)


def test_worker_killed(pair, home):
    """What measures can't clean up any more: who started it does."""
    process = Bench(home, addresses(pair)).spawn()
    wait_for_container(pair["docker"], process)
    worker = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout.split()
    os.kill(int(worker[0]), signal.SIGKILL)
    process.communicate(timeout=60 * engine.PATIENCE)
    assert process.returncode == 128 + signal.SIGKILL
    assert_clean(pair)


def test_gone_in_the_middle(make_daemon, pair, home):
    """One daemon's end is told in its row; the other is measured on."""
    going = make_daemon("overlay2")
    bench = Bench(home, {"going": going.host, "docker": pair["docker"].host}, "--workload", "daemon/run", "--workload", "daemon/create")
    process = bench.spawn()
    try:
        wait_for_container(going, process)
        going.kill9()
        process.communicate(timeout=200 * engine.PATIENCE)
    finally:
        going.start()
        if process.poll() is None:
            process.kill()
    assert process.returncode == 0
    assert "Cannot connect to the daemon at unix://" in bench.problems("going")["daemon/create"]
    assert bench.problems("docker") == {"daemon/run": None, "daemon/create": None}
    assert any(problem.startswith("cleaning up going") for problem in bench.report["problems"])
    assert_clean({"docker": pair["docker"]})
    # The next run takes away what stayed.
    assert Bench(home, {"going": going.host}, "--workload", "daemon/create").run().code == 0
    assert holdings(going) == ([], [])


@contextlib.contextmanager
def listener(path, answer):
    """Says `answer` to each who comes, and no more; None: nothing at all."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    server.listen(16)
    kept = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection = server.accept()[0]
                kept.append(connection)
                if answer is not None:
                    connection.recv(4096)
                    connection.sendall(answer)
                    connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        for each in [server, *kept]:
            each.close()


def test_bad_peers(pair, home, place):
    """None of them holds up or stops the good one."""
    html = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n<html></html"
    with listener(place / "silent", None) as silent, listener(place / "rubbish", b"hello\r\n") as rubbish, listener(place / "html", html) as page:
        peers = {"silent": silent, "rubbish": rubbish, "html": page, "gone": f"unix://{place}/none", "varve": pair["varve"].host}
        bench = Bench(home, peers, "--workload", "daemon/create")
        said = bench.run()
    assert said.code == 0, said
    reasons = {each["id"]: each.get("unsupported") for each in bench.report["targets"]}
    assert reasons["silent"] == "GET /version: the daemon did not answer in time"
    assert reasons["rubbish"] == "GET /version: the daemon's answer is not understood: status line hello"
    assert reasons["html"] == "GET /version: the answer is not understood: '<html></html'"
    assert reasons["gone"].startswith("GET /version: Cannot connect to the daemon at unix://")
    assert reasons["varve"] is None
    assert [(each["target"], each.get("problem")) for each in bench.report["results"]] == [("varve", None)]
    assert_clean(pair)


@pytest.mark.parametrize("words, reason", [
    (["--peer", "docker"], "write NAME=unix:///path/to/socket"),
    (["--peer", "docker=tcp://localhost:2375"], "write NAME=unix:///path/to/socket"),
    (["--peer", "a b=unix:///x"], "write NAME=unix:///path/to/socket"),
    (["--peer", "a=unix:///x", "--peer", "a=unix:///y"], "two peers are called 'a'"),
    (["--peer", "a=unix:///x", "--workload", "copy-up"], "no workload's name contains 'copy-up'; there are daemon/load"),
    (["--driver", "vfs", "--workload", "daemon/"], "no workload's name contains 'daemon/'; there are container/"),
])
def test_bad_words(home, words, reason):
    said = Bench(home, {}, *words).run()
    assert said.code not in (0, 130) and reason in said.err
