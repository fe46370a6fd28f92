"""Addresses, names of hosts and settings that a container's user asks for."""
import re

import test_bridges

from test_bridges import FETCH, address, eventually, serve, sh

driver, tidy = test_bridges.driver, test_bridges.tidy


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


def test_a_network_that_is_full(tidy, engine):
    """Whoever starts again gets the address that he had himself just now, also with the one of the other kind as asked."""
    tidy("network", "create", "--subnet", "10.89.0.0/30", "--ipv6", "--subnet", "fd89::/64", "own")
    tidy("run", "-d", "--name", "box", "--network", "own", "--ip6", "fd89::10", "busybox", "sleep", "600")
    for _ in range(3):
        tidy("restart", "-t", "0", "box")
        assert address(engine, "box", "own") == "10.89.0.2"
    refused = tidy("run", "--rm", "--network", "own", "busybox", "true", check=False)
    assert refused.code == 125 and "no available IPv4 addresses" in refused.err


def test_ranges_that_are_taken(tidy, engine):
    """Of the default network too, whether it is there yet or not."""
    subnet = engine.inspect("bridge", "{{json .IPAM.Config}}")[0]["Subnet"]
    refused = tidy("network", "create", "--subnet", subnet, "own", check=False)
    assert refused.code != 0 and "Pool overlaps with other one on this address space" in refused.err
    for name in ("a/b", "zz%d", "a*", "sixteen-letters-"):
        bad = tidy("network", "create", "-o", f"com.docker.network.bridge.name={name}", "own", check=False)
        assert bad.code != 0 and "up to 15 letters" in bad.err, name


def test_a_mac_as_old_clients_ask_for_it(tidy, engine):
    status, body = engine.api("POST", "/v1.43/containers/create?name=box", {"Image": "busybox", "Cmd": ["sleep", "60"], "MacAddress": "02:00:00:00:00:99"})
    assert status == 201, body
    tidy("start", "box")
    assert "02:00:00:00:00:99" in sh(engine, "box", "ip link")


def test_ipv6(tidy, engine):
    tidy("network", "create", "--ipv6", "--subnet", "fd85::/64", "six")
    serve(tidy, "web", "--network", "six")
    shown = engine.inspect("web", "{{json .NetworkSettings.Networks}}")["six"]
    assert shown["GlobalIPv6Address"] == "fd85::2" and shown["IPv6Gateway"] == "fd85::1" and shown["IPAddress"]
    said = tidy("run", "--rm", "--network", "six", "busybox", "sh", "-c", "ping -6 -c1 -W2 fd85::1 >/dev/null && nslookup -type=aaaa web && ping -6 -c1 -W2 fd85::2").out
    assert "fd85::2" in said and "1 packets received" in said
    tidy("network", "create", "--ipv6", "auto")
    assert any(pool["Subnet"].startswith("fd") for pool in engine.inspect("auto", "{{json .IPAM.Config}}"))


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
