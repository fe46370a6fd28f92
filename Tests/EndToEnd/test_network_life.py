"""Networks over the daemon's life: what outlives it, what is put right, what goes, and what its settings make of it."""
import contextlib
import json
import pathlib
import re
import subprocess

import pytest

import lan
import test_bridges

from test_bridges import FETCH, address, eventually, serve, sh

driver, tidy = test_bridges.driver, test_bridges.tidy


@pytest.fixture
def daemon(make_daemon, driver, busybox_tar):
    """A daemon for this test alone, with settings of its own; busybox is loaded."""
    def make(*arguments, config=None):
        made = make_daemon(driver, arguments=arguments, config=config)
        made.docker("load", "-i", busybox_tar)
        return made
    return make


def ruleset():
    return subprocess.run(["nft", "--stateless", "list", "ruleset"], capture_output=True, text=True, check=True).stdout


def links():
    return sorted(link["ifname"] for link in json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, check=True).stdout))


def everything():
    """All of a host's that networks touch, but for the settings of interfaces."""
    comms = subprocess.run(["ps", "-eo", "comm"], capture_output=True, text=True, check=True).stdout.split()
    namespaces = subprocess.run(["lsns", "-nt", "net", "-o", "NS"], capture_output=True, text=True, check=True).stdout.split()
    return links(), ruleset(), sorted(c for c in comms if c in ("varve-proxy",)), sorted(namespaces)


def test_nothing_is_left(daemon):
    """Two services, a published port, and everything removed: the host is as before, while the daemon runs and when it ends."""
    start = everything()
    engine = daemon()
    engine.docker("run", "--rm", "busybox", "true")
    before = everything()
    engine.docker("network", "create", "own")
    serve(engine.docker, "web", "--network", "own", "-p", "8180:80")
    engine.docker("run", "-d", "--name", "asks", "--network", "own", "busybox", "sleep", "600")
    assert sh(engine, "asks", FETCH.format("web", 80)) == "i am web" and lan.fetch("127.0.0.1", 8180) == "i am web"
    assert everything() != before
    engine.docker("rm", "-f", "web", "asks")
    engine.docker("network", "rm", "own")
    eventually(everything, before)
    engine.stop()
    eventually(everything, start)


@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_without_a_daemon(daemon, end):
    """Containers go on talking, ports lead to them, and the next daemon knows all of it."""
    engine = daemon()
    engine.docker("network", "create", "own")
    serve(engine.docker, "web", "--network", "own", "-p", "8181:80")
    engine.docker("run", "-d", "--name", "asks", "--network", "own", "busybox", "sleep", "600")
    serve(engine.docker, "plain")
    shown = {name: engine.inspect(name, "{{json .NetworkSettings}}") for name in ("web", "asks", "plain")}
    pid = engine.inspect("asks", "{{json .State.Pid}}")
    getattr(engine, end)()
    with lan.machine() as other:
        assert lan.fetch("127.0.0.1", 8181) == other.fetch(other.host, 8181) == "i am web"
        inside = ["nsenter", "-t", str(pid), "-a", "/bin/sh", "-c", "nslookup web"]
        assert shown["web"]["Networks"]["own"]["IPAddress"] in subprocess.run(inside, capture_output=True, text=True, timeout=20).stdout
        engine.start()
        assert {name: engine.inspect(name, "{{json .NetworkSettings}}") for name in shown} == shown
        assert lan.fetch("127.0.0.1", 8181) == other.fetch(other.host, 8181) == "i am web"
    # Addresses that are in use are nobody else's, and names are known to who comes new.
    new = [engine.docker("run", "-d", "busybox", "sleep", "600").out.strip() for _ in range(2)]
    assert len({address(engine, name) for name in ("plain", *new)}) == 3
    assert engine.docker("run", "--rm", "--network", "own", "busybox", "sh", "-c", FETCH.format("web", 80)).out.strip() == "i am web"
    taken = engine.docker("run", "--rm", "-p", "8181:80", "busybox", "true", check=False)
    assert "port is already allocated" in taken.err


def test_ended_while_there_was_no_daemon(daemon):
    """What such a container had is given back."""
    engine = daemon()
    engine.docker("network", "create", "own")
    serve(engine.docker, "web", "--network", "own", "-p", "8182:80")
    pid = engine.inspect("web", "{{json .State.Pid}}")
    engine.kill9()
    subprocess.run(["kill", "-9", str(pid)], check=True)
    eventually(lambda: lan.fetch("127.0.0.1", 8182, seconds=1), "")
    engine.start()
    assert "8182" not in ruleset() and engine.inspect("own", "{{json .Containers}}") == {}
    engine.docker("start", "web")
    eventually(lambda: lan.fetch("127.0.0.1", 8182), "i am web")
    engine.docker("rm", "-f", "web")
    engine.docker("network", "rm", "own")


def test_rules_that_were_lost(daemon):
    """`nft flush ruleset` by somebody else: the next daemon makes them anew."""
    engine = daemon()
    serve(engine.docker, "web", "-p", "8183:80")
    with lan.machine() as other:
        assert other.fetch(other.host, 8183) == "i am web"
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        assert other.fetch(other.own, 8183, seconds=1) == ""
        engine.restart()
        assert other.fetch(other.host, 8183) == "i am web"
        # With the next change it happens by itself.
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        serve(engine.docker, "more", "-p", "8188:80")
        assert other.fetch(other.host, 8183) == "i am web" and other.fetch(other.host, 8188) == "i am more"
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        engine.docker("rm", "-f", "web")
        assert other.fetch(other.host, 8188) == "i am more" and "8183" not in ruleset()


def test_a_crash_in_the_middle(daemon):
    """Bridges of networks that nobody uses, which a killed daemon left, go with the next; networks are still there."""
    engine = daemon()
    before = links()
    engine.docker("network", "create", "own")
    engine.docker("run", "--rm", "busybox", "true")
    engine.kill9()
    assert links() != before
    engine.start()
    eventually(links, before)
    assert engine.docker("run", "--rm", "--network", "own", "busybox", "ip", "-o", "link").out.count("eth0") == 1


@pytest.mark.parametrize("flag, passes", [((), False), (("--ip-forward-no-drop=true",), True)])
def test_the_host_becomes_no_router(daemon, flag, passes):
    """Where it passed nothing on before, only what is of containers, also after a restart of the daemon."""
    path = pathlib.Path("/proc/sys/net/ipv4/ip_forward")
    path.write_text("0")
    engine = daemon(*flag)
    engine.docker("run", "-d", "--name", "box", "busybox", "sleep", "600")
    assert path.read_text() == "1\n"
    with lan.machine() as one, lan.machine() as two:
        for _ in range(2):
            assert (one.run("busybox", "ping", "-c1", "-W1", two.own).returncode == 0) == passes
            assert sh(engine, "box", f"ping -c1 -W2 {two.own} >/dev/null && echo fine") == "fine"
            engine.restart()


def test_two_daemons(daemon):
    """Beside each other: two bridges, two ranges, two tables; one does not disturb the other."""
    one, two = daemon(), daemon()
    serve(one.docker, "web", "-p", "8184:80")
    serve(two.docker, "web", "-p", "8185:80")
    assert one.inspect("bridge", "{{json .IPAM.Config}}") != two.inspect("bridge", "{{json .IPAM.Config}}")
    taken = two.docker("run", "--rm", "-p", "8184:80", "busybox", "true", check=False)
    assert "port is already allocated" in taken.err
    assert lan.fetch("127.0.0.1", 8184) == lan.fetch("127.0.0.1", 8185) == "i am web"
    one.docker("rm", "-f", "web")
    one.stop()
    with lan.machine() as other:
        assert other.fetch(other.host, 8185) == "i am web"
    one.start()


# MARK: settings


def test_the_bridge_as_told(daemon):
    config = {"bip": "10.86.0.5/16", "fixed-cidr": "10.86.9.0/24", "mtu": 1300, "bridge": "vtold0", "ip": "127.0.0.1",
              "default-address-pools": [{"base": "10.87.0.0/16", "size": 24}]}
    engine = daemon(config=config)
    serve(engine.docker, "web", "-p", "8186:80")
    inside = sh(engine, "web", "ip addr show eth0; ip route")
    assert "inet 10.86.9." in inside and "mtu 1300" in inside and "default via 10.86.0.5" in inside and "vtold0" in links()
    assert lan.fetch("127.0.0.1", 8186) == "i am web" and engine.docker("port", "web").lines == ["80/tcp -> 127.0.0.1:8186"]
    engine.docker("network", "create", "own")
    assert engine.inspect("own", "{{json .IPAM.Config}}") == [{"Subnet": "10.87.0.0/24", "Gateway": "10.87.0.1"}]
    engine.docker("network", "create", "next")
    assert engine.inspect("next", "{{json .IPAM.Config}}")[0]["Subnet"] == "10.87.1.0/24"
    engine.docker("network", "rm", "own", "next")


def test_a_bridge_of_somebody_elses(daemon):
    """It is used as it is, and left as it was."""
    subprocess.run(["ip", "link", "add", "theirs", "type", "bridge"], check=True)
    try:
        subprocess.run(["ip", "addr", "add", "10.88.0.1/24", "dev", "theirs"], check=True)
        subprocess.run(["ip", "link", "set", "theirs", "up"], check=True)
        engine = daemon("--bridge", "theirs")
        serve(engine.docker, "web")
        assert address(engine, "web").startswith("10.88.0.") and sh(engine, "web", "ping -c1 -W2 10.88.0.1 >/dev/null && echo fine") == "fine"
        engine.docker("rm", "-f", "web")
        engine.stop()
        assert "theirs" in links() and "10.88.0.1/24" in subprocess.run(["ip", "addr", "show", "theirs"], capture_output=True, text=True).stdout
        engine.start()
    finally:
        subprocess.run(["ip", "link", "del", "theirs"], check=True)


def test_no_default_network(daemon):
    engine = daemon("--bridge", "none")
    failed = engine.docker("run", "--rm", "busybox", "true", check=False)
    assert failed.code == 125 and "switched off" in failed.err
    assert engine.docker("run", "--rm", "--network", "none", "busybox", "echo", "up").out == "up\n"
    engine.docker("network", "create", "own")
    assert engine.docker("run", "--rm", "--network", "own", "busybox", "echo", "up").out == "up\n"
    engine.docker("network", "rm", "own")


def test_no_rules(daemon):
    """Somebody else sees to them: none is made, and containers still reach each other."""
    engine = daemon("--iptables=false")
    serve(engine.docker, "web", "-p", "8187:80")
    assert "varve-" not in ruleset() and lan.fetch("127.0.0.1", 8187) == "i am web"
    assert engine.docker("run", "--rm", "busybox", "sh", "-c", FETCH.format(address(engine, "web"), 80)).out.strip() == "i am web"


def test_talk_switched_off(daemon):
    engine = daemon("--icc=false")
    serve(engine.docker, "web")
    said = engine.docker("run", "--rm", "busybox", "sh", "-c", f"echo | nc -w 1 {address(engine, 'web')} 80", check=False)
    assert said.out.strip() == ""


@pytest.mark.parametrize("config, words", [
    ({"bip": "10.0.0.0/8"}, "bip"), ({"bip": "x"}, "bip"), ({"fixed-cidr": "x"}, "fixed-cidr"), ({"mtu": 20}, "mtu"),
    ({"bridge": "a/b"}, "bridge"), ({"ip": "x"}, "ip"), ({"default-address-pools": [{"base": "10.0.0.0/16", "size": 8}]}, "default-address-pools"),
    ({"bridge": "none", "bip": "10.0.0.1/8"}, "bridge=none"), ({"icc": "perhaps"}, "icc must be true or false"),
    ({"default-address-pools": "x"}, "default-address-pools must be a list"),
])
def test_settings_that_make_no_sense(make_daemon, driver, config, words):
    daemon = make_daemon(driver, start=False, config=config)
    said = subprocess.run([*daemon.argv(), "--validate"], capture_output=True, text=True, timeout=20)
    assert said.returncode != 0 and words in said.stderr, said.stderr
