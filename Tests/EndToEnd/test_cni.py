"""Networks by CNI plug-ins: what their files describe is there, and packets go where they should."""
import json
import pathlib
import re
import shutil
import subprocess

import docker
import pytest

import cni
import lan
import test_bridges
from cni import FETCH, fails, plug_in_rules, serve, sh


driver, shared, lists, tidy = cni.driver, cni.shared, cni.lists, cni.tidy


# MARK: What there is


def test_lists_are_networks(tidy, engine, lists):
    """By name, with a driver of their own and an ID that stays; nobody removes them by a command."""
    shown = dict(line.split() for line in tidy("network", "ls", "--format", "{{.Name}} {{.Driver}}", "--filter", "driver=cni").lines)
    assert shown == dict.fromkeys(["line", "odd", "one", "plain", "shop", "wire"], "cni")
    (network,) = json.loads(tidy("network", "inspect", "shop").out)
    assert network["IPAM"] == {"Driver": "host-local", "Options": {}, "Config": [{"Subnet": "10.70.1.0/24"}]}
    assert network["Options"] == {
        "io.varve.cni.file": str(lists.folder / "10-shop.conflist"), "io.varve.cni.version": "1.0.0", "io.varve.cni.plugins": "bridge,portmap"}
    engine.restart()
    assert tidy("network", "inspect", "--format", "{{.Id}}", network["Id"][:12]).out.strip() == network["Id"]
    for words in (["rm", "shop"], ["rm", network["Id"]]):
        fails(tidy, f"{lists.folder}/10-shop.conflist describes: to remove it, move that file away", "network", *words)
    tidy("network", "prune", "-f")
    assert "shop" in tidy("network", "ls", "--format", "{{.Name}}").lines
    fails(tidy, "network with name shop already exists", "network", "create", "shop")
    fails(tidy, "cni-conf-dir", "network", "create", "-d", "cni", "other")
    fails(tidy, "overlaps", "network", "create", "--subnet", "10.70.1.0/25", "other")


def test_docker_py_reads_them(tidy, engine):
    client = docker.DockerClient(base_url=engine.host, version="auto")
    try:
        (network,) = client.networks.list(names=["shop"])
        assert (network.name, network.attrs["Driver"], network.attrs["Scope"], network.containers) == ("shop", "cni", "local", [])
        box = client.containers.run("busybox", ["sleep", "600"], detach=True, network="shop", name="box")
        network.reload()
        assert [c.name for c in network.containers] == ["box"]
        assert network.attrs["Containers"][box.id]["IPv4Address"].startswith("10.70.1.")
        network.disconnect(box)
        network.connect(box, ipv4_address="10.70.1.77")
        box.reload()
        assert box.attrs["NetworkSettings"]["Networks"]["shop"]["IPAddress"] == "10.70.1.77"
        box.remove(force=True)
    finally:
        client.close()


def test_files_come_change_and_go(tidy, engine, lists):
    """Without a restart; one that can't be understood is told of by name and key, and the others stay."""
    def names():
        return set(tidy("network", "ls", "--format", "{{.Name}}", "--filter", "driver=cni").lines)

    before = names()
    tidy("network", "create", "mine")
    bad = {
        "a.conflist": "{", "b.conflist": json.dumps({"name": "b", "cniVersion": "1.0.0", "plugins": [{"type": "../x"}]}),
        "c.conflist": json.dumps({"name": "c", "cniVersion": "7", "type": "bridge"}), "d.conflist": " " * (1 << 20) + "{}",
        "e.conflist": json.dumps({"name": "bridge", "cniVersion": "1.0.0", "type": "bridge"}),
        "f.conflist": json.dumps({"name": "mine", "cniVersion": "1.0.0", "type": "bridge"}),
        "g.conflist": json.dumps({"name": "shop", "cniVersion": "1.0.0", "type": "bridge"}), "h.conflist": "[" * 100000,
    }
    for name, text in bad.items():
        (lists.folder / name).write_text(text)
    subprocess.run(["mkfifo", lists.folder / "i.conflist"], check=True)
    new = lists.write("new", {"type": "bridge"})
    try:
        assert names() == before | {"new"}
        said = engine.logfile.read_text()
        for words in ("a.conflist is left out: it is no JSON", r'\"plugins[0].type\" is no program', r'\"cniVersion\" is 7',
                      "d.conflist is left out: read", "network of the daemon's own", "with the name mine", "g.conflist is left out", "h.conflist", "i.conflist is left out: it is no file"):
            assert words in said or words.replace('\\"', '"') in said, (words, said[-3000:])
        assert tidy("network", "inspect", "--format", "{{.Driver}}", "mine").out == "bridge\n"
        engine.restart()
        assert names() == before | {"new"}
    finally:
        for name in [*bad, "i.conflist"]:
            (lists.folder / name).unlink()
    tidy("network", "rm", "mine")
    new.unlink()
    assert names() == before


# MARK: Packets


def test_a_container_in_a_list_s_network(tidy, engine):
    """An address, a way out, a name of its own; all of it told, and two of them reach each other."""
    serve(tidy, "web", "--network", "shop")
    tidy("run", "-d", "--name", "asks", "--hostname", "asks", "--network", "shop", "busybox", "sleep", "600")
    shown = engine.inspect("web", "{{json .NetworkSettings}}")["Networks"]["shop"]
    assert re.match(r"10\.70\.1\.\d+$", shown["IPAddress"]) and (shown["IPPrefixLen"], shown["Gateway"]) == (24, "10.70.1.1")
    inside = sh(engine, "web", "ip addr show eth0; ip route")
    assert shown["MacAddress"] in inside and f"inet {shown['IPAddress']}/24" in inside and "default via 10.70.1.1" in inside
    assert sh(engine, "asks", FETCH.format(shown["IPAddress"], 80)) == "i am web"
    own = engine.inspect("asks", "{{json .NetworkSettings}}")["Networks"]["shop"]["IPAddress"]
    assert re.search(rf"^{re.escape(own)}\s+asks$", sh(engine, "asks", "cat /etc/hosts"), re.M)
    with lan.machine() as other:
        assert sh(engine, "asks", f"ping -c1 -W2 {other.own} >/dev/null && echo fine") == "fine"
    members = json.loads(tidy("network", "inspect", "shop").out)[0]["Containers"].values()
    assert {(m["Name"], m["IPv4Address"]) for m in members} == {("web", f"{shown['IPAddress']}/24"), ("asks", f"{own}/24")}
    tidy("restart", "-t", "0", "web")
    assert engine.inspect("web", "{{json .NetworkSettings}}")["Networks"]["shop"]["IPAddress"] != ""


@pytest.mark.parametrize("network, pattern", [("line", r"10\.70\.3\."), ("wire", r"10\.70\.4\."), ("one", r"10\.70\.5\.")])
def test_other_plug_ins(tidy, engine, network, pattern):
    """ptp, macvlan, and a file with one plug-in of an older version."""
    tidy("run", "-d", "--name", "box", "--network", network, "busybox", "sleep", "600")
    own = engine.inspect("box", "{{json .NetworkSettings}}")["Networks"][network]
    assert re.match(pattern, own["IPAddress"]) and own["IPAddress"] in sh(engine, "box", "ip addr show eth0")
    if network == "wire":
        tidy("run", "-d", "--name", "other", "--network", network, "busybox", "sleep", "600")
        assert sh(engine, "other", f"ping -c1 -W2 {own['IPAddress']} >/dev/null && echo fine") == "fine"
    else:
        assert subprocess.run(["busybox", "ping", "-c1", "-W2", own["IPAddress"]], capture_output=True).returncode == 0


def test_addresses_that_are_asked_for(tidy, engine, lists):
    tidy("run", "-d", "--name", "box", "--network", "shop", "--ip", "10.70.1.50", "--mac-address", "02:00:00:00:00:50", "busybox", "sleep", "600")
    shown = engine.inspect("box", "{{json .NetworkSettings}}")["Networks"]["shop"]
    assert (shown["IPAddress"], shown["MacAddress"]) == ("10.70.1.50", "02:00:00:00:00:50")
    # By CNI_ARGS, where no plug-in says that it can.
    tidy("run", "-d", "--name", "two", "--network", "plain", "--ip", "10.70.2.50", "busybox", "sleep", "600")
    assert engine.inspect("two", "{{json .NetworkSettings}}")["Networks"]["plain"]["IPAddress"] == "10.70.2.50"
    failed = tidy("run", "--name", "three", "--network", "shop", "--ip", "10.70.1.50", "busybox", "true", check=False)
    assert failed.code == 125 and "plug-in bridge refused ADD" in failed.err and "10.70.1.50" in failed.err
    failed = tidy("run", "--name", "four", "--network", "odd", "--ip", "10.70.9.1", "busybox", "true", check=False)
    assert failed.code == 125 and "did not give the container the address 10.70.9.1" in failed.err
    assert [line.split()[0] for line in lists.log] == ["ADD", "DEL"]
    assert "args=IgnoreUnknown=1;K8S_POD_NAME=four;IP=10.70.9.1" in lists.log[0]


def test_published_ports(tidy, engine):
    """portmap leads to them; the host's side is held, so that nobody else gets it."""
    if subprocess.run(["iptables", "-t", "nat", "-S"], capture_output=True).returncode != 0:
        pytest.skip("portmap needs iptables, which does not work here")
    serve(tidy, "web", "--network", "shop", "-p", "8270:80", "-p", "80")
    ports = engine.inspect("web", "{{json .NetworkSettings.Ports}}")["80/tcp"]
    other = next(int(p["HostPort"]) for p in ports if p["HostPort"] != "8270")
    for port in (8270, other):
        assert lan.fetch("127.0.0.1", port) == lan.fetch("198.51.100.1", port) == lan.fetch("::1", port) == "i am web", port
    with lan.machine() as machine:
        assert machine.fetch(machine.host, 8270) == machine.fetch(machine.host, other) == "i am web"
    assert "8270" in "".join(plug_in_rules())
    for network in ("shop", "bridge"):
        failed = tidy("run", "--rm", "--network", network, "-p", "8270:80", "busybox", "true", check=False)
        assert "port is already allocated" in failed.err, network
    engine.kill9()
    engine.start()
    assert lan.fetch("127.0.0.1", 8270) == "i am web"
    tidy("rm", "-f", "web")
    assert lan.fetch("127.0.0.1", 8270) == ""
    serve(tidy, "web", "--network", "shop", "-p", "8270:80")
    assert lan.fetch("127.0.0.1", 8270) == "i am web"


def test_the_manual_s_example(tidy, engine, lists):
    """The list in docs/networks.md works when pasted."""
    text = (pathlib.Path(__file__).parents[2] / "docs/networks.md").read_text()
    path = lists.folder / "10-manual.conflist"
    # Its range is that of another list of ours.
    path.write_text(re.search(r"<<'END'\n(.*?)\nEND\n", text, re.S)[1].replace("10.70.1.0/24", "10.70.7.0/24"))
    name = json.loads(path.read_text())["name"]
    try:
        serve(tidy, "web", "--network", name, "-p", "8274:80")
        assert lan.fetch("127.0.0.1", 8274) == "i am web"
        assert engine.inspect("web", "{{json .NetworkSettings.Networks}}")[name]["IPAddress"].startswith("10.70.7.")
        tidy("rm", "-f", "web")
        leases = pathlib.Path("/var/lib/cni/networks") / name
        assert not [file for file in leases.iterdir() if file.name[0].isdigit()]
        shutil.rmtree(leases)
    finally:
        path.unlink()


def test_a_network_that_can_t_publish(tidy):
    failed = tidy("run", "--rm", "--network", "plain", "-p", "8271:80", "busybox", "true", check=False)
    assert failed.code == 125 and "network plain can't publish ports" in failed.err and "20-plain.conflist" in failed.err
    assert tidy("run", "--rm", "--network", "plain", "-P", "--expose", "80", "busybox", "echo", "up").out == "up\n"


def test_two_networks_at_once(tidy, engine):
    """A list's and one of the daemon's own: the way out is the first name's, ports go with it."""
    tidy("network", "create", "alpha")
    tidy("create", "--name", "web", "--hostname", "web", "--init", "--network", "shop", "-p", "8272:80", "busybox", "sh", "-c", test_bridges.SERVER)
    tidy("network", "connect", "alpha", "web")
    tidy("start", "web")
    sh(engine, "web", "until netstat -lnt | grep -q :80; do usleep 20000; done")
    assert lan.fetch("127.0.0.1", 8272) == "i am web"
    networks = engine.inspect("web", "{{json .NetworkSettings.Networks}}")
    assert f"default via {networks['alpha']['Gateway']}" in sh(engine, "web", "ip route")
    tidy("run", "-d", "--name", "asks", "--network", "shop", "busybox", "sleep", "600")
    assert sh(engine, "asks", FETCH.format(networks["shop"]["IPAddress"], 80)) == "i am web"
    # And the other way round: what the plug-ins' network lacks, the other has.
    tidy("network", "create", "zeta")
    tidy("create", "--name", "odd", "--network", "wire", "busybox", "sleep", "600")
    tidy("network", "connect", "zeta", "odd")
    tidy("start", "odd")
    assert f"default via {engine.inspect('odd', '{{json .NetworkSettings.Networks}}')['zeta']['Gateway']}" in sh(engine, "odd", "ip route")


def test_connect_and_disconnect(tidy, engine, lists):
    tidy("run", "-d", "--name", "box", "busybox", "sleep", "600")
    serve(tidy, "web", "--network", "plain")
    tidy("network", "connect", "plain", "box")
    shown = engine.inspect("box", "{{json .NetworkSettings.Networks}}")
    assert shown["plain"]["IPAddress"] in sh(engine, "box", "ip addr show eth1")
    assert f"default via {shown['bridge']['Gateway']}" in sh(engine, "box", "ip route")
    web = engine.inspect("web", "{{json .NetworkSettings.Networks}}")["plain"]["IPAddress"]
    assert sh(engine, "box", FETCH.format(web, 80)) == "i am web"
    fails(tidy, "tuning", "network", "connect", "--driver-opt", "com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1", "shop", "box")
    engine.kill9()
    engine.start()
    tidy("network", "disconnect", "bridge", "box")
    assert "default via 10.70.2.1" in sh(engine, "box", "ip route")
    tidy("network", "disconnect", "plain", "box")
    assert "eth1" not in sh(engine, "box", "ip addr") and len(lists.left()) == 1
    assert engine.inspect("box", "{{json .NetworkSettings.Networks}}") == {}
    lists.act("ADD", "exit 1")
    fails(tidy, "failed to set up container networking", "network", "connect", "odd", "box")
    assert engine.inspect("box", "{{json .NetworkSettings.Networks}}") == {}


def test_a_port_is_free_after_disconnect(tidy, engine):
    """Also where the plug-ins' network was the only one."""
    serve(tidy, "web", "--network", "shop", "-p", "8275:80")
    tidy("network", "disconnect", "shop", "web")
    assert engine.inspect("web", "{{json .NetworkSettings.Ports}}").get("80/tcp") is None
    serve(tidy, "other", "-p", "8275:80")
    assert lan.fetch("127.0.0.1", 8275) == "i am other"


def test_a_port_is_free_after_a_connect_that_failed(tidy, engine, lists):
    path = lists.write("picky", {"type": "script", "capabilities": {"portMappings": True}})
    tidy("run", "-d", "--name", "box", "--network", "shop", "-p", "8279:80", "busybox", "sleep", "600")
    tidy("network", "disconnect", "shop", "box")
    lists.act("ADD", "exit 1")
    try:
        fails(tidy, "failed to set up container networking", "network", "connect", "picky", "box")
        assert '"hostPort":8279' in lists.log[-1]
        serve(tidy, "other", "-p", "8279:80")
        assert lan.fetch("127.0.0.1", 8279) == "i am other"
    finally:
        path.unlink()


def test_a_way_out_that_would_lose_ports(tidy, engine, lists):
    """Plug-ins can't take over ports that a bridge leads: such a connect is refused, and all stays as it was."""
    path = lists.write("able", lists.bridge("vcni7", "10.70.11.0/24"))
    try:
        serve(tidy, "web", "-p", "8276:80")
        before = engine.inspect("web", "{{json .NetworkSettings}}")
        fails(tidy, "network able would become the way out of container web", "network", "connect", "able", "web")
        after = engine.inspect("web", "{{json .NetworkSettings}}")
        assert (after["Ports"], after["Networks"]) == (before["Ports"], before["Networks"]) and lists.left() == []
        assert f"default via {before['Networks']['bridge']['Gateway']}" in sh(engine, "web", "ip route")
        assert lan.fetch("127.0.0.1", 8276) == "i am web"
        tidy("network", "connect", "plain", "web")
        assert lan.fetch("127.0.0.1", 8276) == "i am web"
    finally:
        path.unlink()


def test_a_port_that_is_named_without_bindings(engine, tidy):
    """`{"80/tcp": []}` publishes nothing, which any network can."""
    status, made = engine.api("POST", "/containers/create?name=box", {
        "Image": "busybox", "Cmd": ["sleep", "600"], "HostConfig": {"NetworkMode": "plain", "PortBindings": {"80/tcp": []}}})[:2]
    assert status == 201, made
    assert tidy("start", "box").code == 0
