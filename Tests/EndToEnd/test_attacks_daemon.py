"""Attacks on the daemon: by what clients send, and by what containers say without end."""
import contextlib
import itertools
import json
import pathlib
import re
import socket
import time

import pytest

import attacker
import clients
import engine as engines
from attacker import attack, attacker_tar, driver, shared  # noqa: F401 fixtures
from test_hostile import sentinel  # noqa: F401 fixture

SIXTY_MB = 60 << 20


def memory(pid, kind):
    """What it holds, in bytes: `VmRSS`; or held at its worst: `VmHWM`."""
    return int(re.search(rf"{kind}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) << 10


@pytest.fixture(autouse=True)
def stays_well(engine):
    """It is still there, answers others at once, and was at no time much bigger than at the beginning."""
    pathlib.Path(f"/proc/{engine.process.pid}/clear_refs").write_text("5")      # its peak is from here on; man 5 proc
    before = memory(engine.process.pid, "VmHWM")
    yield
    begun = time.monotonic()
    assert engine.api("GET", "/_ping")[0] == 200 and time.monotonic() - begun < engines.PATIENCE
    assert memory(engine.process.pid, "VmHWM") < before + SIXTY_MB


def send(engine, data, timeout=20):
    """Raw bytes, as far as it takes them; gives the answer's first bytes."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(timeout * engines.PATIENCE)
        connection.connect(str(engine.socket))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for piece in data if not isinstance(data, bytes) else [data]:
                connection.sendall(piece)
        try:
            return connection.recv(4096)
        except ConnectionResetError:
            return b""


def post(path, length):
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()


def refused(said):
    return not said or re.match(rb"HTTP/1.1 (4\d\d|500|501|505) ", said)


class TestRequests:
    @pytest.mark.parametrize("open_, close", [("[", "]"), ('{"HostConfig":', "}"), ('{"a":[', "]}")])
    @pytest.mark.parametrize("path", ["/containers/create", "/volumes/create", "/networks/create"])
    def test_deep_json(self, engine, path, open_, close):
        """A hundred thousand levels would be a stack's end."""
        body = (open_ * 100_000 + "1" + close * 100_000).encode()
        assert refused(send(engine, post(path, len(body)) + body))

    @pytest.mark.parametrize("path", ["/containers/create", "/volumes/create", "/auth", "/build/prune", "/commit?container=x"])
    def test_endless_json(self, engine, path):
        """A gigabyte, which is not kept."""
        pieces = itertools.chain([post(path, 1 << 30) + b'{"Image":"'], itertools.repeat(b"x" * (1 << 20), 1024))
        assert refused(send(engine, pieces))

    @pytest.mark.parametrize("text", [
        b"GET /_ping HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n", b"GET /_ping HTTP/1.1\r\nHost: x\r\nX-A: " + b"b" * (4 << 20) + b"\r\n\r\n",
        b"GET /" + b"a" * (4 << 20) + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}", b"\x16\x03\x01\x02\x00\x01\x00" * 1000, b"\0" * 100_000,
        b"POST /auth HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx",
        b"POST /auth HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /info HTTP/1.1\r\n\r\n",
    ], ids=["many", "long", "address", "negative", "overflow", "tls", "nothing", "chunk", "smuggled"])
    def test_headers(self, engine, text):
        assert refused(send(engine, text))

    def test_thousand_that_wait(self, engine):
        """Connections that say nothing take no others' place."""
        waiting = []
        try:
            for _ in range(1000):
                waiting.append(socket.socket(socket.AF_UNIX))
                waiting[-1].connect(str(engine.socket))
                waiting[-1].sendall(b"GET /_ping HTTP/1.1\r\n")
            clients.eventually(lambda: self.answers(engine), what="an answer")
        finally:
            for connection in waiting:
                connection.close()

    @staticmethod
    def answers(engine):
        with contextlib.suppress(BlockingIOError):      # the queue of those that the daemon has yet to accept is full
            return engine.api("GET", "/containers/json")[0] == 200


class TestNames:
    """A name or an id that is a path."""

    BAD = ["../../../etc", "..", ".", "a/../../b", "/../etc", "%2e%2e%2fetc", "a%00b", "~root", "x" * 5000, "-rf", "a\nb", "sha256:../../x", "☃"]

    @pytest.mark.parametrize("name", BAD)
    def test_created(self, engine, name):
        for path, body in [("/containers/create", {"Image": "busybox", "Cmd": ["true"]}), ("/volumes/create", {"Name": name}), ("/networks/create", {"Name": name})]:
            if path == "/containers/create":
                path += "?name=" + "".join(f"%{byte:02x}" for byte in name.encode()) if "%" not in name else f"?name={name}"
            status, said = engine.api("POST", path, body)
            if status == 201 and "network" in path:
                engine.api("DELETE", f"/networks/{json.loads(said)['Id']}")
            else:
                assert status in (400, 409, 500), (path, status, said)
        assert engine.docker("volume", "ls", "-q").out == engine.docker("ps", "-aq").out == ""

    @pytest.mark.parametrize("name", ["..%2f..%2f..%2fetc%2fpasswd", "%2e%2e", "..", "%2fetc%2fpasswd", "a%00b", "....//", "x" * 5000, "%ff%fe", "%"])
    @pytest.mark.parametrize("method, path", [
        ("GET", "/containers/{}/json"), ("GET", "/containers/{}/logs?stdout=1"), ("GET", "/containers/{}/archive?path=/"), ("DELETE", "/containers/{}"), ("POST", "/containers/{}/start"),
        ("GET", "/images/{}/json"), ("GET", "/images/{}/get"), ("DELETE", "/images/{}"), ("GET", "/volumes/{}"), ("DELETE", "/volumes/{}"), ("GET", "/exec/{}/json"), ("GET", "/networks/{}"),
    ])
    def test_asked_for(self, engine, method, path, name):
        status, said = engine.api(method, path.format(name))
        assert status in (400, 404, 301, 409) and b"root:x" not in said, (status, said)

    @pytest.mark.parametrize("digest", ["sha256:../../x", "sha256:" + "a" * 63, "sha256:" + "g" * 64, "md5:" + "a" * 32, "sha256:" + "A" * 64])
    def test_digests(self, engine, digest):
        """(CVE-2024-3727)"""
        assert engine.api("GET", f"/images/x@{digest}/json")[0] in (400, 404)
        assert engine.api("POST", f"/images/create?fromImage=127.0.0.1:1/x&tag={digest}")[0] in (400, 404, 500)

    @pytest.mark.parametrize("field, value", [
        ("Memory", 1 << 63), ("CpusetCpus", "0-" + "9" * 30), ("CpusetCpus", "0-2147483647"), ("CpusetCpus", "0," * 100_000), ("ShmSize", -1), ("PidsLimit", 1 << 62),
        ("NanoCpus", -(1 << 62)), ("OomScoreAdj", 1 << 40), ("CgroupParent", "../../../x"), ("Runtime", "../../bin/sh"), ("Isolation", "/x"), ("VolumeDriver", "../x"),
        ("Binds", ["/etc:/../../x"]), ("Tmpfs", {"/../x": "size=1"}), ("Sysctls", {"../../x": "1"}), ("Devices", [{"PathOnHost": "/dev/null", "PathInContainer": "/../../x"}]),
    ])
    def test_settings(self, engine, field, value, sentinel):
        """Numbers and places beyond reason (CVE-2018-20699): refused, or in the container."""
        status, said = engine.api("POST", "/containers/create?name=box", {"Image": "busybox", "Cmd": ["true"], "HostConfig": {field: value}})
        if status == 201:
            engine.api("POST", "/containers/box/start")
        assert status in (201, 400, 404, 500) and b"message" in said or status == 201, said
        assert not pathlib.Path("/x").exists() and not list(pathlib.Path("/sys/fs/cgroup").glob("x")) + list(pathlib.Path("/sys/fs/cgroup").glob("*/x"))


class TestLogs:
    """What a container writes fills neither memory nor, where it is told so, the disk."""

    @pytest.mark.parametrize("kind", ["json-file", "local"])
    @pytest.mark.parametrize("script", ["head -c 100000000 /dev/zero | tr '\\0' x", "yes | head -c 5000000", "head -c 20000000 /dev/zero"], ids=["line", "lines", "zeros"])
    def test_without_an_end(self, engine, kind, script):
        flags = ["--log-driver", kind, "--log-opt", "max-size=1m", "--log-opt", "max-file=2"]
        attacker.start(engine, "box", "sh", "-c", f"{script}; sleep 600", flags=flags)
        monitor = int(re.search(r"PPid:\s+(\d+)", pathlib.Path(f"/proc/{engine.inspect('box', '{{.State.Pid}}')}/status").read_text())[1])
        deadline = time.monotonic() + 30 * engines.PATIENCE
        while "sleep" not in engine.docker("top", "box", "-o", "pid,comm").out.split():
            assert time.monotonic() < deadline, "it still writes"
        assert memory(monitor, "VmHWM") < 40 << 20
        folder = engine.data_root / "containers" / engine.inspect("box", "{{json .Id}}")
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 4 << 20
        assert engine.docker("logs", "--tail", "1", "box", timeout=30).code == 0
