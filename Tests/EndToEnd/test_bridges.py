"""Packets: containers reach each other by name, others where they may, and nobody where not."""
import json
import re
import subprocess
import time

import pytest

import lan
import test_networks


driver, tidy = test_networks.driver, test_networks.tidy


def sh(engine, name, script, check=True):
    return engine.docker("exec", name, "sh", "-c", script, check=check).out.strip()


def address(engine, name, network="bridge"):
    return engine.inspect(name, "{{json .NetworkSettings.Networks}}")[network]["IPAddress"]


# Busybox's wget asks a library for names that Debian's static one has not.
SERVER = 'printf "read x\\necho i am $(hostname)" >/tmp/answer; exec nc -ll -p 80 -e /bin/sh /tmp/answer'
FETCH = "echo | nc -w 2 {} {}"


def serve(docker, name, *flags):
    """A container that says its name on port 80."""
    docker("run", "-d", "--name", name, "--hostname", name, "--init", *flags, "busybox", "sh", "-c", SERVER)
    docker("exec", name, "sh", "-c", "until netstat -lnt | grep -q :80; do usleep 20000; done")


def eventually(what, wanted, seconds=10):
    deadline = time.monotonic() + seconds
    while (found := what()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == wanted


def test_the_default_bridge(tidy, engine):
    """An address, a way out, a name of its own, and all of it told."""
    tidy("run", "-d", "--name", "box", "--hostname", "myself", "busybox", "sleep", "600")
    (network,) = json.loads(tidy("network", "inspect", "bridge").out)
    (pool,) = network["IPAM"]["Config"]
    shown = engine.inspect("box", "{{json .NetworkSettings}}")
    own, gateway = shown["IPAddress"], pool["Gateway"]
    assert shown["Gateway"] == gateway and shown["IPPrefixLen"] == 16 and shown["Networks"]["bridge"]["IPAddress"] == own
    assert network["Containers"][engine.inspect("box", "{{json .Id}}")]["IPv4Address"] == f"{own}/16"
    inside = sh(engine, "box", "ip -o addr show eth0; ip route; cat /sys/class/net/eth0/address")
    assert f"inet {own}/16" in inside and f"default via {gateway} dev eth0" in inside and shown["MacAddress"] in inside
    assert "inet6" not in inside, "a network without IPv6 has none"
    assert re.search(rf"^{own}\s+myself$", sh(engine, "box", "cat /etc/hosts"), re.M)
    assert sh(engine, "box", "ping -c1 -W2 myself >/dev/null && ping -c1 -W2 " + gateway + " >/dev/null && echo fine") == "fine"
    assert network["Options"]["com.docker.network.bridge.name"] in subprocess.run(["ip", "link"], capture_output=True, text=True).stdout
    tidy("kill", "box")
    tidy("wait", "box")
    shown = engine.inspect("box", "{{json .NetworkSettings}}")
    assert shown["IPAddress"] == shown["Networks"]["bridge"]["IPAddress"] == "" and shown["Ports"] == {}


def test_names(tidy, engine):
    """Two services of a user's network find each other by name, alias, short ID, and with the network's name; others don't."""
    tidy("network", "create", "own")
    tidy("network", "create", "other")
    serve(tidy, "web", "--network", "own", "--network-alias", "www")
    tidy("run", "-d", "--name", "asks", "--network", "own", "busybox", "sleep", "600")
    tidy("run", "-d", "--name", "stranger", "--network", "other", "busybox", "sleep", "600")
    short, own = engine.inspect("web", "{{json .Id}}")[:12], address(engine, "web", "own")
    for name in ("web", "WEB", "www", short, "web.own"):
        assert f"Address: {own}" in sh(engine, "asks", f"nslookup {name}"), name
        assert sh(engine, "asks", f"ping -c1 -W2 {name} >/dev/null && echo fine") == "fine", name
    assert sh(engine, "asks", FETCH.format("web", 80)) == "i am web"
    assert "NXDOMAIN" in sh(engine, "stranger", "nslookup web 2>&1", check=False)
    assert sh(engine, "stranger", f"ping -c1 -W1 {own} >/dev/null || echo cut off") == "cut off"
    assert sh(engine, "stranger", f"echo | nc -w 1 {own} 80", check=False) == ""
    tidy("rename", "web", "shop")
    eventually(lambda: f"Address: {own}" in sh(engine, "asks", "nslookup shop", check=False), True)
    tidy("rm", "-f", "shop")
    eventually(lambda: "NXDOMAIN" in sh(engine, "asks", "nslookup shop 2>&1", check=False), True)
    # On the default network nobody has a name.
    serve(tidy, "plain")
    assert tidy("run", "--rm", "busybox", "ping", "-c1", "-W1", "plain", check=False).code != 0


def test_aliases_are_shared(tidy, engine):
    tidy("network", "create", "own")
    for name in ("one", "two"):
        tidy("run", "-d", "--name", name, "--network", "own", "--network-alias", "both", "busybox", "sleep", "600")
    said = sh(engine, "one", "nslookup both")
    assert all(address(engine, name, "own") in said for name in ("one", "two"))


@pytest.mark.parametrize("network", ["bridge", "own"])
def test_the_way_out(tidy, engine, network):
    """Other machines are reached, and see the host; they don't reach a container that publishes nothing."""
    tidy("network", "create", "own")
    serve(tidy, "box", "--network", network)
    with lan.machine() as other:
        assert sh(engine, "box", f"ping -c1 -W2 {other.own} >/dev/null && echo fine") == "fine"
        listener = other_listens(other)
        assert sh(engine, "box", f"nc -w 2 {other.own} 7000") == "heard"
        assert listener.communicate(timeout=10)[0].strip() == other.host
        own = address(engine, "box", network)
        other.run("ip", "route", "replace", own, "via", other.host)
        assert other.fetch(own, 80, seconds=1) == "", "routed past the host's ports"


def other_listens(other):
    """A server on port 7000 of the machine that prints who came, once."""
    script = "import socket\ns = socket.create_server(('', 7000))\nprint('up', flush=True)\nc, a = s.accept()\nc.sendall(b'heard\\n')\nc.close()\nprint(a[0])"
    process = subprocess.Popen(["ip", "netns", "exec", other.name, "python3", "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    return process


def test_internal(tidy, engine):
    """Containers of an internal network talk to each other, and to nobody else."""
    tidy("network", "create", "--internal", "inner")
    serve(tidy, "web", "--network", "inner", "-p", "8099:80")
    tidy("run", "-d", "--name", "asks", "--network", "inner", "busybox", "sleep", "600")
    assert sh(engine, "asks", FETCH.format("web", 80)) == "i am web"
    assert "default" not in sh(engine, "asks", "ip route")
    with lan.machine() as other:
        own = address(engine, "asks", "inner")
        gateway = engine.inspect("inner", "{{json .IPAM.Config}}")[0]["Gateway"]
        # Not for want of a route: with one, the host does not let it pass.
        tidy("run", "--rm", "--cap-add", "NET_ADMIN", "--network", "container:asks", "busybox", "ip", "route", "add", "default", "via", gateway)
        assert sh(engine, "asks", f"ping -c1 -W1 {other.own} >/dev/null || echo cut off") == "cut off"
        assert other.fetch(other.host, 8099, seconds=1) == "" and other.fetch(own, 80, seconds=1) == ""


def test_no_talk_between_neighbours(tidy, engine):
    tidy("network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "apart")
    serve(tidy, "web", "--network", "apart", "-p", "8098:80")
    tidy("run", "-d", "--name", "asks", "--network", "apart", "busybox", "sleep", "600")
    assert sh(engine, "asks", f"echo | nc -w 1 {address(engine, 'web', 'apart')} 80", check=False) == ""
    assert lan.fetch("127.0.0.1", 8098) == "i am web"
    shown = json.loads(subprocess.run(["ip", "-d", "-j", "link", "show", "type", "veth"], capture_output=True, check=True).stdout)
    flags = [link["linkinfo"]["info_slave_data"]["isolated"] for link in shown if "info_slave_data" in link["linkinfo"]]
    assert flags == [True, True], "also where frames on a bridge pass no rules"
    with lan.machine() as other:
        assert sh(engine, "asks", f"ping -c1 -W2 {other.own} >/dev/null && echo fine") == "fine"


def test_two_at_once(tidy, engine):
    """`connect` and `disconnect` of one container by many: each is done, or refused, and nothing is lost."""
    names = [f"net{n}" for n in range(4)]
    for name in names:
        tidy("network", "create", name)
    tidy("run", "-d", "--name", "box", "--network", "none", "busybox", "sleep", "600")
    tidy("network", "disconnect", "none", "box")
    for verb, links in (("connect", 4), ("disconnect", 0)):
        started = [engine.spawn("network", verb, name, "box") for name in names for _ in range(2)]
        codes = [process.wait(30) for process in started]
        for process in started:
            process.communicate()
        assert [sum(codes[n:n + 2]) > 0 for n in range(0, 8, 2)] == [True] * 4 and codes.count(0) == 4
        assert sh(engine, "box", "ip -o link | grep -vc lo:", check=False) == str(links)
    tidy("network", "connect", "net1", "box")
    tidy("restart", "-t", "0", "box")
    assert sh(engine, "box", "ip -o link | grep -vc lo:") == "1", "though it was made without a network"


def test_a_running_container_moves(tidy, engine):
    """Interfaces, names, the way out and ports follow `connect` and `disconnect`."""
    tidy("network", "create", "own")
    serve(tidy, "web", "-p", "8097:80")
    tidy("run", "-d", "--name", "asks", "--network", "own", "busybox", "sleep", "600")
    tidy("network", "connect", "--alias", "www", "own", "web")
    assert sh(engine, "asks", FETCH.format("www", 80)) == "i am web"
    assert f"eth1" in sh(engine, "web", "ip -o link") and lan.fetch("127.0.0.1", 8097) == "i am web"
    assert re.search(rf"^{address(engine, 'web', 'own')}\s+web$", sh(engine, "web", "cat /etc/hosts"), re.M)
    tidy("network", "disconnect", "bridge", "web")
    inside = sh(engine, "web", "ip -o link; ip route")
    assert "eth0" not in inside and f"default via {engine.inspect('own', '{{json .IPAM.Config}}')[0]['Gateway']} dev eth1" in inside
    assert lan.fetch("127.0.0.1", 8097) == "i am web" and "8097" in tidy("port", "web").out
    with lan.machine() as other:
        assert other.fetch(other.host, 8097) == "i am web"
    assert sh(engine, "asks", FETCH.format("web", 80)) == "i am web"
    tidy("network", "disconnect", "own", "web")
    assert lan.fetch("127.0.0.1", 8097, seconds=1) == "" and tidy("port", "web").out == ""
    tidy("network", "connect", "bridge", "web")
    assert lan.fetch("127.0.0.1", 8097) == "i am web"


def test_which_gateway(tidy, engine):
    """The way out is the network's of the highest priority, then of the first name."""
    for name in ("alpha", "beta"):
        tidy("network", "create", name)
    gateways = {name: engine.inspect(name, "{{json .IPAM.Config}}")[0]["Gateway"] for name in ("alpha", "beta")}
    for priority, expected in ((0, "alpha"), (5, "beta")):
        status, body = engine.api("POST", "/v1.48/containers/create?name=box", {
            "Image": "busybox", "Cmd": ["sleep", "600"], "HostConfig": {"NetworkMode": "beta"},
            "NetworkingConfig": {"EndpointsConfig": {"alpha": {}, "beta": {"GwPriority": priority}}},
        })
        assert status == 201, body
        tidy("start", "box")
        assert f"default via {gateways[expected]}" in sh(engine, "box", "ip route")
        assert f"{address(engine, 'box', 'beta')}/16" in sh(engine, "box", "ip -o addr show eth0"), "its mode's network is the first"
        tidy("rm", "-f", "box")


def test_another_containers_network(tidy, engine):
    """Interfaces, names and files are the other's; they stay when the other's own process ends."""
    serve(tidy, "web", "--add-host", "printer:192.0.2.200")
    tidy("run", "-d", "--name", "beside", "--network", "container:web", "busybox", "sleep", "600")
    assert sh(engine, "beside", "cat /etc/hosts /etc/resolv.conf; hostname") == sh(engine, "web", "cat /etc/hosts /etc/resolv.conf; hostname")
    assert sh(engine, "beside", FETCH.format("127.0.0.1", 80)) == "i am web"
    tidy("rm", "-f", "web")
    assert "lo" in sh(engine, "beside", "ip -o link")


def test_many_at_once(tidy, engine):
    """Thirty containers by many clients have thirty addresses, and leave none taken."""
    started = [engine.spawn("run", "-d", "--name", f"many{n}", "busybox", "sleep", "600") for n in range(30)]
    assert [p.wait(60) for p in started] == [0] * 30
    for process in started:
        process.communicate()
    assert len({address(engine, f"many{n}") for n in range(30)}) == 30
    ports = lambda: len([l for l in json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, check=True).stdout) if l["ifname"].startswith("veth")])
    assert ports() == 30
    tidy("rm", "-f", *[f"many{n}" for n in range(30)])
    eventually(ports, 0)
