"""Published ports: reached from the host and from others where they shall be, and from nowhere else."""
import contextlib
import json
import re
import socket
import subprocess
import threading
import time

import pytest

import lan
import test_bridges

from test_bridges import eventually, serve, sh

driver, tidy = test_bridges.driver, test_bridges.tidy


@contextlib.contextmanager
def serving(engine, name, script):
    """A Python program in the container's network; `s` is its socket."""
    pid = engine.inspect(name, "{{json .State.Pid}}")
    command = ["nsenter", "-t", str(pid), "-n", "python3", "-c", f"import socket, threading\n{script}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "up\n"
        try:
            yield
        finally:
            server.kill()


def proxies():
    """The processes that pass on what comes to ports."""
    said = subprocess.run(["ps", "-eo", "pid,comm"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in said.splitlines() if "varve-proxy" in line]


def test_from_everywhere(tidy, engine):
    """From the host's loopback addresses of both kinds, from its other addresses, and from another machine."""
    before = proxies()
    serve(tidy, "web", "-p", "8080:80")
    bridge = engine.inspect("bridge", "{{json .IPAM.Config}}")[0]["Gateway"]
    for place in ("127.0.0.1", "127.1.2.3", "::1", bridge):
        assert lan.fetch(place, 8080) == "i am web", place
    with lan.machine() as other:
        assert other.fetch(other.host, 8080) == "i am web" and lan.fetch(other.host, 8080) == "i am web"
        assert other.fetch(other.host, 80, seconds=1) == ""
    assert tidy("port", "web").lines == ["80/tcp -> 0.0.0.0:8080", "80/tcp -> [::]:8080"]
    assert "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp" in tidy("ps", "--format", "{{.Ports}}").out
    assert engine.inspect("web", "{{json .NetworkSettings.Ports}}") == {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}]}
    assert len(proxies()) == len(before) + 1
    tidy("rm", "-f", "web")
    assert lan.fetch("127.0.0.1", 8080, seconds=1) == "" and proxies() == before
    assert "8080" not in subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout


def test_from_other_containers(tidy, engine):
    """By an address of the host: from the same network, from another, and from the container itself."""
    tidy("network", "create", "own")
    serve(tidy, "web", "-p", "8081:80")
    gateway = engine.inspect("bridge", "{{json .IPAM.Config}}")[0]["Gateway"]
    for network in ("bridge", "own"):
        assert tidy("run", "--rm", "--network", network, "busybox", "sh", "-c", f"echo | nc -w 2 {gateway} 8081").out.strip() == "i am web"
    assert sh(engine, "web", f"echo | nc -w 2 {gateway} 8081") == "i am web"


def test_only_where_asked(tidy, engine):
    """A port on the host's loopback address is not there for others, nor one on one address at another."""
    serve(tidy, "web", "-p", "127.0.0.1:8082:80", "-p", "[::1]:8083:80")
    assert lan.fetch("127.0.0.1", 8082) == "i am web" and lan.fetch("::1", 8083) == "i am web"
    assert lan.fetch("::1", 8082, seconds=1) == "" and lan.fetch("127.0.0.1", 8083, seconds=1) == ""
    with lan.machine() as other:
        assert other.fetch(other.host, 8082, seconds=1) == ""
        # With a route to it, a neighbour still does not get to what is the host's own.
        other.run("ip", "route", "add", "local", "default", "dev", "lo")
        other.run("sysctl", "-w", "net.ipv4.conf.all.route_localnet=1")
        serve(tidy, "two", "-p", f"{other.host}:8084:80")
        assert lan.fetch(other.host, 8084) == "i am two" and lan.fetch("127.0.0.1", 8084, seconds=1) == ""


def test_datagrams(tidy, engine):
    tidy("run", "-d", "--name", "echo", "--init", "-p", "8053:53/udp", "busybox", "sleep", "600")
    assert tidy("port", "echo", "53/udp").lines == ["0.0.0.0:8053", "[::]:8053"]
    script = """
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 53))
print("up", flush=True)
while True:
    data, sender = s.recvfrom(65536)
    s.sendto(data, sender)
"""
    with serving(engine, "echo", script):
        for place in ("127.0.0.1", "::1"):
            assert lan.fetch(place, 8053, socket.SOCK_DGRAM) == "hello"
            assert lan.fetch(place, 8053, socket.SOCK_DGRAM, b"x" * 9000) == "x" * 9000
        with lan.machine() as other:
            asks = "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.settimeout(5)\n"
            asks += f"s.sendto(b'hello', ('{other.host}', 8053))\nprint(s.recv(100).decode())"
            assert other.run("python3", "-c", asks).stdout == "hello\n"


def test_chosen_ports(tidy, engine):
    """Any that is free, one of a range, and all that an image says it has."""
    serve(tidy, "any", "-p", "80")
    (first, second) = [int(line.rsplit(":", 1)[1]) for line in tidy("port", "any", "80").lines]
    assert first == second and lan.fetch("127.0.0.1", first) == lan.fetch("::1", first) == "i am any"
    serve(tidy, "all", "-P", "--expose", "80", "--expose", "53/udp")
    ports = engine.inspect("all", "{{json .NetworkSettings.Ports}}")
    assert sorted(ports) == ["53/udp", "80/tcp"] and lan.fetch("127.0.0.1", int(ports["80/tcp"][0]["HostPort"])) == "i am all"
    serve(tidy, "one", "-p", "8090-8091:80")
    serve(tidy, "two", "-p", "8090-8091:80")
    assert lan.fetch("127.0.0.1", 8090) == "i am one" and lan.fetch("127.0.0.1", 8091) == "i am two"
    third = tidy("run", "-d", "--name", "three", "-p", "8090-8091:80", "busybox", "sleep", "60", check=False)
    assert third.code == 125 and "port is already allocated" in third.err
    serve(tidy, "row", "-p", "8092-8093:80-81")
    assert tidy("port", "row").lines == ["80/tcp -> 0.0.0.0:8092", "80/tcp -> [::]:8092", "81/tcp -> 0.0.0.0:8093", "81/tcp -> [::]:8093"]
    exposed = tidy("run", "-d", "--expose", "99", "busybox", "sleep", "60").out.strip()
    assert engine.inspect(exposed, "{{json .NetworkSettings.Ports}}") == {"99/tcp": None} and "99/tcp" in tidy("ps", "--format", "{{.Ports}}").lines


@pytest.mark.parametrize("where", ["0.0.0.0", "::", "127.0.0.1"])
def test_a_port_that_is_taken(tidy, engine, where):
    """By another program: refused, and nothing is left; once it is free, the same container starts."""
    with contextlib.closing(socket.create_server((where, 8085), family=socket.AF_INET6 if ":" in where else socket.AF_INET)):
        refused = tidy("run", "-d", "--name", "web", "-p", "8085:80", "busybox", "sh", "-c", test_bridges.SERVER, check=False)
        assert refused.code == 125 and "driver failed programming external connectivity on endpoint web" in refused.err
        assert "8085 failed: port is already allocated" in refused.err
        assert engine.inspect("web", "{{json .State.Status}}") == "created"
        assert "8085" not in subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    tidy("start", "web")
    eventually(lambda: bool(lan.fetch("127.0.0.1", 8085)), True)


def test_with_the_processes_of_another(tidy, engine):
    """The proxy is the host's, whose processes the container sees notwithstanding."""
    tidy("run", "-d", "--name", "other", "busybox", "sleep", "600")
    serve(tidy, "web", "--pid", "container:other", "-p", "8079:80")
    assert lan.fetch("127.0.0.1", 8079) == "i am web" and "varve-proxy" not in sh(engine, "other", "ps")


def test_refusals(tidy, engine):
    for bindings, words in [
        ({"80/tcp": [{"HostPort": "99999"}]}, "invalid port"), ({"0/tcp": [{"HostPort": "1"}]}, "invalid port"), ({"80/x": [{}]}, "invalid port"),
        ({"80/tcp": [{"HostIp": "nowhere", "HostPort": "1"}]}, "invalid IP address"), ({"80/tcp": [{"HostPort": "9-8"}]}, "invalid port"),
    ]:
        status, body = engine.api("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"PortBindings": bindings}})
        assert status == 400 and words in json.loads(body)["message"], body
    status, body = engine.api("POST", "/containers/create", {"Image": "busybox", "ExposedPorts": {"${PORT}/tcp": {}, "8000-8005/tcp": {}}})
    assert status == 201, "images say such things"
    elsewhere = tidy("run", "--rm", "-p", "198.51.100.77:8086:80", "busybox", "true", check=False)
    assert elsewhere.code == 125 and "198.51.100.77:8086" in elsewhere.err
    assert "Published ports are discarded" in tidy("create", "--network", "none", "-p", "8087:80", "busybox", "true").err


def test_the_proxy_has_nothing_to_lose(tidy, engine):
    """No rights, no descriptors but its sockets; and it goes with the monitor."""
    before = set(proxies())
    serve(tidy, "web", "-p", "8088:80")
    (pid,) = set(proxies()) - before
    status = open(f"/proc/{pid}/status").read()
    assert re.search(r"^CapEff:\s+0+$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M)
    links = subprocess.run(["ls", "-l", f"/proc/{pid}/fd"], capture_output=True, text=True, check=True).stdout
    kinds = {line.split(" -> ")[1].split(":")[0] for line in links.splitlines() if " -> " in line}
    assert kinds == {"socket"}, links
    monitor = re.search(r"^PPid:\s+(\d+)$", status, re.M)[1]
    subprocess.run(["kill", "-9", monitor], check=True)
    eventually(lambda: pid in proxies(), False)
    eventually(lambda: engine.inspect("web", "{{json .State.Running}}"), False)


ECHO = """
def echo(client):
    while data := client.recv(65536):
        client.sendall(data)
    client.close()
s = socket.create_server(("", 80), backlog=200)
print("up", flush=True)
while True:
    threading.Thread(target=echo, args=(s.accept()[0],), daemon=True).start()
"""


def test_much_through_a_port(tidy, engine):
    """What is sent comes whole, also when the other side is slow, an end is an end, and connections don't mix."""
    tidy("run", "-d", "--name", "echo", "-p", "8089:80", "busybox", "sleep", "600")
    with serving(engine, "echo", ECHO):
        with socket.create_connection(("127.0.0.1", 8089), timeout=20) as client:
            data = bytes(range(256)) * 40_000
            sender = threading.Thread(target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)))
            sender.start()
            time.sleep(0.3)      # all buffers on the way are full by now
            got = b""
            while part := client.recv(1 << 16):
                got += part
            sender.join()
            assert got == data
        clients = [socket.create_connection(("127.0.0.1", 8089), timeout=20) for _ in range(150)]
        for number, client in enumerate(clients):
            client.sendall(f"{number:06}".encode())
        assert [client.recv(6).decode() for client in clients] == [f"{number:06}" for number in range(150)]
        for client in clients:
            client.close()
