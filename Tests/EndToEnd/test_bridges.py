"""Packets: containers reach each other by name, others where they may, and nobody where not."""
import json
import re
import subprocess
import time

import pytest

import drivers
import lan


# What a driver does has nothing to do with networks.
@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name in ("overlay2", "vfs")][:1])
def driver(request):
    return request.param


@pytest.fixture
def tidy(engine):
    """The stock command; afterwards there are the default networks only."""
    yield engine.docker
    engine.remove_containers()
    for name in engine.docker("network", "ls", "-q", "--filter", "type=custom").lines:
        engine.docker("network", "rm", name)


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
    with lan.machine() as other:
        assert sh(engine, "asks", f"ping -c1 -W2 {other.own} >/dev/null && echo fine") == "fine"


def test_addresses_as_asked(tidy, engine):
    flags = ["--subnet", "10.85.0.0/16", "--ip-range", "10.85.4.0/30", "--gateway", "10.85.0.9", "--aux-address", "printer=10.85.4.1"]
    tidy("network", "create", *flags, "-o", "com.docker.network.driver.mtu=1400", "own")
    tidy("run", "-d", "--name", "fixed", "--network", "own", "--ip", "10.85.0.77", "--mac-address", "02:00:00:00:00:77", "busybox", "sleep", "600")
    inside = sh(engine, "fixed", "ip addr show eth0; ip route")
    assert "10.85.0.77/16" in inside and "02:00:00:00:00:77" in inside and "mtu 1400" in inside and "default via 10.85.0.9" in inside
    # Of the range .0 is the first, .1 somebody else's.
    for name in ("one", "two", "three"):
        tidy("run", "-d", "--name", name, "--network", "own", "busybox", "sleep", "600")
    assert {address(engine, name, "own") for name in ("one", "two", "three")} == {"10.85.4.0", "10.85.4.2", "10.85.4.3"}
    full = tidy("run", "--rm", "--network", "own", "busybox", "true", check=False)
    assert full.code == 125 and "no available" in full.err
    taken = tidy("run", "--rm", "--network", "own", "--ip", "10.85.0.77", "busybox", "true", check=False)
    assert taken.code == 125 and "Address already in use" in taken.err
    # Given back, also at once.
    tidy("restart", "-t", "0", "fixed")
    assert address(engine, "fixed", "own") == "10.85.0.77"
    tidy("rm", "-f", "one")
    assert tidy("run", "--rm", "--network", "own", "--ip", "10.85.0.77", "busybox", "true", check=False).code == 125
    eventually(lambda: tidy("run", "--rm", "--network", "own", "busybox", "true", check=False).code, 0)


def test_ipv6(tidy, engine):
    tidy("network", "create", "--ipv6", "--subnet", "fd85::/64", "six")
    serve(tidy, "web", "--network", "six")
    shown = engine.inspect("web", "{{json .NetworkSettings.Networks}}")["six"]
    assert shown["GlobalIPv6Address"] == "fd85::2" and shown["IPv6Gateway"] == "fd85::1" and shown["IPAddress"]
    said = tidy("run", "--rm", "--network", "six", "busybox", "sh", "-c", "ping -6 -c1 -W2 fd85::1 >/dev/null && nslookup -type=aaaa web && ping -6 -c1 -W2 fd85::2").out
    assert "fd85::2" in said and "1 packets received" in said
    tidy("network", "create", "--ipv6", "auto")
    assert any(pool["Subnet"].startswith("fd") for pool in engine.inspect("auto", "{{json .IPAM.Config}}"))


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


def test_links_and_hosts(tidy, engine):
    serve(tidy, "db")
    flags = ["--link", "db:store", "--add-host", "host.docker.internal:host-gateway", "--add-host", "six:::1"]
    tidy("run", "-d", "--name", "box", *flags, "busybox", "sleep", "600")
    hosts = sh(engine, "box", "cat /etc/hosts")
    gateway = engine.inspect("bridge", "{{json .IPAM.Config}}")[0]["Gateway"]
    assert re.search(rf"^{address(engine, 'db')}\s+store \w+ db$", hosts, re.M), hosts
    assert re.search(rf"^{gateway}\s+host.docker.internal$", hosts, re.M) and "::1\tsix" in hosts
    assert sh(engine, "box", FETCH.format("store", 80)) == "i am db"
    failed = tidy("run", "--rm", "--link", "nobody:x", "busybox", "true", check=False)
    assert failed.code == 125 and "nobody" in failed.err


def test_settings_of_an_interface(tidy, engine):
    option = "com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1"
    tidy("run", "-d", "--name", "box", "--network", f"name=bridge,driver-opt={option}", "busybox", "sleep", "600")
    assert sh(engine, "box", "cat /proc/sys/net/ipv4/conf/eth0/log_martians") == "1"
    for bad in ("kernel.core_pattern=x", "net.ipv4.conf.../../kernel.hostname=x", "net.ipv4.conf.eth0.log_martians=1", "net.ipv4.ip_forward=1"):
        status, body = engine.api("POST", "/v1.48/containers/create", {
            "Image": "busybox", "NetworkingConfig": {"EndpointsConfig": {"bridge": {"DriverOpts": {option.split("=", 1)[0]: bad}}}},
        })
        assert status == 400 and b"endpoint setting" in body, bad


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
