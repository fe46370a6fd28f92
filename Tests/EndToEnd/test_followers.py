"""Logs that hundreds follow, and long ones of which little is wanted."""
import contextlib
import json
import os
import re
import selectors
import socket
import struct
import time

import clients
import engine as engines
from talkers import daemon, folder, said, sh     # pylint: disable=unused-import


class Followers:
    """Clients that follow a log, each on a connection of its own; one thread reads them all."""

    def __init__(self, daemon, count, name="box"):
        self.sockets = [socket.socket(socket.AF_UNIX) for _ in range(count)]
        self.bytes = {client: bytearray() for client in self.sockets}
        for client in self.sockets:
            client.connect(str(daemon.socket))
            # HTTP/1.0: the body comes as it is, to the connection's end.
            client.sendall(f"GET /containers/{name}/logs?stdout=1&follow=1 HTTP/1.0\r\n\r\n".encode())

    def read(self, but=(), timeout=60):
        """Everything to the end of each stream, but for some that nobody reads."""
        selector, deadline = selectors.DefaultSelector(), time.monotonic() + timeout * engines.PATIENCE
        for client in self.sockets:
            if client not in but:
                selector.register(client, selectors.EVENT_READ)
        while selector.get_map():
            assert time.monotonic() < deadline, f"{len(selector.get_map())} streams have not ended"
            for key, _ in selector.select(1):
                data = key.fileobj.recv(1 << 18)
                self.bytes[key.fileobj] += data
                if not data:
                    selector.unregister(key.fileobj)

    def lines(self, client):
        """What one of them was sent, without the frames."""
        data, texts = self.bytes[client], []
        place = data.index(b"\r\n\r\n") + 4
        while place < len(data):
            stream, count = struct.unpack_from(">BxxxL", data, place)
            assert stream == 1
            texts.append(data[place + 8:place + 8 + count])
            place += 8 + count
        return b"".join(texts).decode()

    def close(self):
        for client in self.sockets:
            client.close()


def memory(daemon):
    """Bytes that the daemon has of its own."""
    with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as file:
        return int(re.search(r"RssAnon:\s+(\d+) kB", file.read())[1]) << 10


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def open_logs(daemon):
    """How often it has a log open."""
    count = 0
    for entry in os.scandir(f"/proc/{daemon.process.pid}/fd"):
        with contextlib.suppress(OSError):      # gone meanwhile
            count += os.readlink(entry.path).endswith("-json.log")
    return count


def watches(daemon):
    """Its inotify instances, and the folders that they watch."""
    found = [0, 0]
    for entry in os.scandir(f"/proc/{daemon.process.pid}/fd"):
        with contextlib.suppress(OSError):
            if "inotify" in os.readlink(entry.path):
                with open(f"/proc/{daemon.process.pid}/fdinfo/{entry.name}", encoding="utf-8") as file:
                    found = [found[0] + 1, found[1] + file.read().count("inotify wd")]
    return found


def test_a_hundred_followers(daemon):
    """Each gets every line, though one of them never reads; then nothing of them is left."""
    sh(daemon, "read start; awk 'BEGIN { while (++i <= 4000) printf \"%01000d\\n\", i }'", "-i", wait=False)
    before = descriptors(daemon)
    followers = Followers(daemon, 100)
    with contextlib.closing(followers):
        clients.eventually(lambda: open_logs(daemon) == 100, what="100 open logs")
        assert watches(daemon) == [1, 1]
        used = memory(daemon)
        daemon.docker("attach", "--sig-proxy=false", "box", stdin=b"\n", timeout=120)
        stuck = followers.sockets[50]
        followers.read(but=[stuck], timeout=120)
        expected = "".join(f"{number:01000}\n" for number in range(1, 4001))
        wrong = [index for index, client in enumerate(followers.sockets) if client is not stuck and followers.lines(client) != expected]
        assert not wrong
        assert memory(daemon) - used < 120 << 20
    clients.eventually(lambda: descriptors(daemon) <= before + 1, what="nothing left of them")
    clients.eventually(lambda: watches(daemon)[1] == 0, what="no watch left")


def test_idle_followers_cost_nothing(daemon):
    """And each that goes away takes all that is its own with it."""
    sh(daemon, "echo on; sleep 1000", wait=False)
    before = descriptors(daemon)
    followers = Followers(daemon, 100)
    with contextlib.closing(followers):
        for client in followers.sockets:
            client.settimeout(30 * engines.PATIENCE)
            while b"on\n" not in followers.bytes[client]:
                followers.bytes[client] += client.recv(4096)
        clock = lambda: sum(map(int, open(f"/proc/{daemon.process.pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()[11:13]))

        def idle():
            start = clock()
            time.sleep(2)
            return clock() - start <= 5     # hundredths of a second

        # At first the last of them may still be on their way to sleep; who polls never gets there.
        clients.eventually(idle, timeout=20, what="followers that cost nothing")
    clients.eventually(lambda: descriptors(daemon) <= before + 1, what="nothing left of them")
    clients.eventually(lambda: watches(daemon)[1] == 0, what="no watch left")


def test_a_long_log_is_not_read_from_its_start(daemon):
    """300 MB, of which little is wanted: the kernel counts what the daemon reads."""
    sh(daemon, "true")
    path = folder(daemon) / f"{folder(daemon).name}-json.log"
    moment = 1_700_000_000
    with open(path, "wb") as file:
        for second in range(300):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment + second))
            file.write((json.dumps({"log": "x" * 900 + "\n", "stream": "stdout", "time": stamp}) + "\n").encode() * 1050)

    def read(*flags):
        counter = lambda: int(re.search(r"rchar: (\d+)", open(f"/proc/{daemon.process.pid}/io", encoding="utf-8").read())[1])
        start = counter()
        return len(daemon.docker("logs", *flags, "box").lines), counter() - start

    assert read("--tail", "10")[0] == 10 and read("--tail", "10")[1] < 4 << 20
    lines, count = read("--since", str(moment + 299))
    assert lines == 1050 and count < 16 << 20
    lines, count = read("--since", str(moment + 100), "--until", str(moment + 100))
    assert lines == 1050 and count < 16 << 20
