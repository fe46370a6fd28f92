"""A machine beside the host: a network namespace with an address of its own, joined to the tests' by a cable."""
import contextlib
import itertools
import socket
import subprocess
import threading

counter = itertools.count(1)


class Machine:
    """Its address is `own`, the host's on that cable `host`."""

    def __init__(self, name, number):
        self.name, self.own, self.host = name, f"192.0.2.{4 * number + 2}", f"192.0.2.{4 * number + 1}"

    def run(self, *words, stdin=None, timeout=20):
        return subprocess.run(["ip", "netns", "exec", self.name, *map(str, words)], input=stdin, capture_output=True, text=True, timeout=timeout)

    def fetch(self, address, port, kind="tcp", seconds=2):
        """What a server says there; empty where none answers."""
        flags = ["-u"] if kind == "udp" else []
        return self.run("busybox", "nc", *flags, "-w", seconds, address, port, stdin="hello\n").stdout.strip()


@contextlib.contextmanager
def machine():
    number = next(counter)
    lan = Machine(f"lan{number}", number)
    subprocess.run(["ip", "netns", "add", lan.name], check=True)
    try:
        steps = [
            f"link add cable{number} type veth peer name eth0 netns {lan.name}", f"addr add {lan.host}/30 dev cable{number}",
            f"link set cable{number} up", f"-n {lan.name} addr add {lan.own}/30 dev eth0", f"-n {lan.name} link set eth0 up",
            f"-n {lan.name} link set lo up", f"-n {lan.name} route add default via {lan.host}",
        ]
        for step in steps:
            subprocess.run(["ip", *step.split()], check=True)
        yield lan
    finally:
        subprocess.run(["ip", "netns", "del", lan.name], check=True)


def fetch(address, port, kind=socket.SOCK_STREAM, data=b"hello\n", seconds=3):
    """What a server of the host's addresses says; empty where none answers."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as client:
        client.settimeout(seconds)
        try:
            client.connect((address, port))
            client.sendall(data)
            if kind == socket.SOCK_DGRAM:
                return client.recv(65536).decode().strip()
            said = b""
            while part := client.recv(65536):
                said += part
            return said.decode().strip()
        except OSError:
            return ""


class Listener:
    """A server in the tests' own network that tells who came."""

    def __init__(self, address="0.0.0.0"):
        self.socket = socket.create_server((address, 0))
        self.port, self.callers = self.socket.getsockname()[1], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, caller = self.socket.accept()
                self.callers.append(caller[0])
                client.sendall(b"heard\n")
                client.close()

    def close(self):
        self.socket.close()
