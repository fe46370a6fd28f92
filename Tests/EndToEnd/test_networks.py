"""Networks as they are kept: who is where, what is refused, and what survives the daemon."""
import contextlib
import json

import docker
import pytest

import drivers


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


def fails(docker, words, *args):
    failed = docker(*args, check=False)
    assert failed.code != 0 and words in failed.err, failed
    return failed


def networks(engine, name):
    return engine.inspect(name, "{{json .NetworkSettings.Networks}}")


def events(engine, since, *filters):
    now = json.loads(engine.api("GET", "/info")[1])["SystemTime"]
    said = engine.docker("events", "--since", since, "--until", now, "--format", "{{json .}}", *filters)
    return [json.loads(line) for line in said.lines]


def now(engine):
    return json.loads(engine.api("GET", "/info")[1])["SystemTime"]


def test_default_networks(tidy, engine):
    """bridge, host and none are there, by the same IDs after a restart, and are nobody's to remove."""
    shown = tidy("network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}} {{.Driver}} {{.Scope}}").lines
    assert [line.split()[1:] for line in shown] == [["bridge", "bridge", "local"], ["host", "host", "local"], ["none", "null", "local"]]
    assert all(len(line.split()[0]) == 64 for line in shown)
    for name in ("bridge", "host", "none"):
        fails(tidy, f"{name} is a pre-defined network and cannot be removed", "network", "rm", name)
        fails(tidy, f"operation is not permitted on predefined {name} network", "network", "create", name)
    engine.restart()
    assert tidy("network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}} {{.Driver}} {{.Scope}}").lines == shown


def test_verbs(tidy, engine):
    """create, inspect by every name, rm; all of it is there after kill -9."""
    flags = ["--label", "a=1", "--subnet", "10.83.0.0/16", "--gateway", "10.83.0.1", "--ip-range", "10.83.5.0/24", "--aux-address", "printer=10.83.0.9"]
    flags += ["-o", "com.docker.network.driver.mtu=1400", "--internal", "--attachable"]
    created = tidy("network", "create", *flags, "own").out.strip()
    assert len(created) == 64
    fails(tidy, "network with name own already exists", "network", "create", "own")
    fails(tidy, "Pool overlaps with other one on this address space", "network", "create", "--subnet", "10.83.7.0/24", "other")
    engine.kill9()
    engine.start()
    for name in ("own", created, created[:12]):
        (shown,) = json.loads(tidy("network", "inspect", name).out)
        assert (shown["Id"], shown["Name"], shown["Driver"], shown["Scope"]) == (created, "own", "bridge", "local")
    assert shown["IPAM"] == {"Driver": "default", "Options": {}, "Config": [
        {"Subnet": "10.83.0.0/16", "IPRange": "10.83.5.0/24", "Gateway": "10.83.0.1", "AuxiliaryAddresses": {"printer": "10.83.0.9"}}
    ]}
    assert (shown["Internal"], shown["Attachable"], shown["EnableIPv4"], shown["EnableIPv6"]) == (True, True, True, False)
    assert shown["Options"] == {"com.docker.network.driver.mtu": "1400"} and shown["Labels"] == {"a": "1"} and shown["Containers"] == {}
    assert tidy("network", "rm", "own").out == "own\n"
    fails(tidy, "network own not found", "network", "rm", "own")
    fails(tidy, "network own not found", "network", "inspect", "own")


def test_refusals(tidy):
    for words, *args in [
        ("network driver nonsense is not there", "-d", "nonsense", "x"), ("only one instance of \"host\" network is allowed", "-d", "host", "x"),
        ("macvlan is not there yet", "-d", "macvlan", "x"), ("invalid network name", " "),
        ("it should be 10.9.0.0/16", "--subnet", "10.9.1.0/16", "x"),
        ("invalid subnet fd00::/64: IPv6 is not enabled", "--subnet", "fd00::/64", "x"),
    ]:
        fails(tidy, words, "network", "create", *args)
    assert len(tidy("network", "ls", "-q").lines) == 3, "nothing of them is left"


def test_filters(tidy, engine):
    engine.docker("network", "create", "--label", "tier=front", "web-front")
    other = engine.docker("network", "create", "--label", "tier=back", "web-back").out.strip()
    engine.docker("run", "-d", "--name", "box", "busybox", "sleep", "600")
    engine.docker("network", "connect", "web-back", "box")

    def named(*filters):
        return engine.docker("network", "ls", "--format", "{{.Name}}", *[part for f in filters for part in ("--filter", f)]).lines

    assert named("driver=null") == ["none"] and named("type=custom") == ["web-back", "web-front"]
    assert named("type=builtin") == ["bridge", "host", "none"] and named("name=web") == ["web-back", "web-front"]
    assert named("name=^web-front$") == ["web-front"] and named("label=tier=back") == ["web-back"] and named("label=tier") == ["web-back", "web-front"]
    assert named(f"id={other[:9]}") == ["web-back"] and named("scope=swarm") == [] and named("name=web", "label=tier=front") == ["web-front"]
    assert named("dangling=true") == ["web-front"] and "web-back" in named("dangling=false")
    for bad in ("nonsense=1", "dangling=perhaps", "type=nonsense"):
        assert "invalid filter" in engine.docker("network", "ls", "--filter", bad, check=False).err, bad
    names, both = engine.docker("ps", "--format", "{{.Names}} {{.Networks}}", "--filter", "network=web-back").out.split()
    assert names == "box" and sorted(both.split(",")) == ["bridge", "web-back"]
    assert engine.docker("ps", "-q", "--filter", f"network={other}").out and not engine.docker("ps", "-q", "--filter", "network=host").out
    engine.docker("rm", "-f", "box")


@pytest.mark.parametrize("state", ["created", "running", "stopped"])
def test_connect_and_disconnect(tidy, engine, state):
    """Places come and go in every state, are kept over a kill, and say what was asked for."""
    network = tidy("network", "create", "--subnet", "10.84.0.0/16", "own").out.strip()
    tidy("create", "--name", "box", "busybox", "sleep", "600")
    if state != "created":
        tidy("start", "box")
    if state == "stopped":
        tidy("kill", "box")
        tidy("wait", "box")
    tidy("network", "connect", "--alias", "web", "--alias", "www", "--ip", "10.84.0.5", "--link", "other:db", "--driver-opt", "a=b", "own", "box")
    if state != "running":
        engine.kill9()
        engine.start()
    place = networks(engine, "box")["own"]
    assert place["IPAMConfig"] == {"IPv4Address": "10.84.0.5"} and place["Aliases"] == ["web", "www"] and place["Links"] == ["other:db"]
    assert place["DriverOpts"] == {"a": "b"} and place["NetworkID"] == network and place["DNSNames"][:3] == ["box", "web", "www"]
    assert bool(place["EndpointID"]) == (state == "running")
    # The command goes through a map, in any order.
    assert sorted(tidy("ps", "-a", "--format", "{{.Networks}}").out.strip().split(",")) == ["bridge", "own"]
    inside = json.loads(tidy("network", "inspect", "own").out)[0]["Containers"]
    assert [c["Name"] for c in inside.values()] == (["box"] if state == "running" else [])
    tidy("network", "disconnect", "own", "box")
    assert list(networks(engine, "box")) == ["bridge"]
    fails(tidy, "is not connected to the network own", "network", "disconnect", "own", "box")
    tidy("network", "disconnect", "bridge", "box")
    assert networks(engine, "box") == {}
    if state == "running":
        return
    tidy("start", "box")
    assert engine.inspect("box", "{{json .State.Running}}")


def test_running_containers_keep_their_networks(tidy, engine):
    """Docker's refusal names them, also after the daemon was killed; who has ended keeps nothing."""
    network = tidy("network", "create", "own").out.strip()
    tidy("run", "-d", "--name", "box", "busybox", "sleep", "600")
    tidy("network", "connect", "own", "box")
    fails(tidy, "endpoint with name box already exists in network own", "network", "connect", "own", "box")
    for _ in range(2):
        status, body = engine.api("DELETE", f"/networks/{network}")
        assert status == 403 and json.loads(body)["message"].startswith(
            f"error while removing network: network own id {network} has active endpoints (name:\"box\" id:"
        )
        assert "own" not in tidy("network", "prune", "-f").out
        engine.kill9()
        engine.start()
    tidy("kill", "box")
    tidy("wait", "box")
    assert tidy("network", "rm", "own").code == 0
    fails(tidy, "failed to set up container networking: network own not found", "start", "box")
    tidy("network", "disconnect", "-f", "own", "box")
    tidy("start", "box")


def test_created_on_a_network(tidy, engine):
    """A place in a user's network is kept at `create`; one in a network that is not there is found missing at the start."""
    tidy("network", "create", "own")
    created = tidy("create", "--name", "box", "--network", "own", "--network-alias", "web", "busybox", "true")
    assert "WARNING" not in created.err and list(networks(engine, "box")) == ["own"]
    tidy("start", "-a", "box")
    tidy("network", "disconnect", "own", "box")
    tidy("start", "-a", "box")
    tidy("create", "--name", "lost", "--network", "nosuch", "busybox", "true")
    fails(tidy, "network nosuch not found", "start", "lost")
    assert fails(tidy, "network nosuch not found", "run", "--rm", "--network", "nosuch", "busybox", "true").code == 125
    assert tidy("run", "--rm", "--network", "default", "busybox", "echo", "up").out == "up\n"
    status, body = engine.api("POST", "/v1.43/containers/create", {
        "Image": "busybox", "NetworkingConfig": {"EndpointsConfig": {"own": {}, "bridge": None}},
    })
    assert status == 400 and b"multiple network endpoints: bridge, own" in body
    status, body = engine.api("POST", "/v1.44/containers/create?name=both", {
        "Image": "busybox", "HostConfig": {"NetworkMode": "own"}, "NetworkingConfig": {"EndpointsConfig": {"own": {}, "bridge": None}},
    })
    assert status == 201 and sorted(networks(engine, "both")) == ["bridge", "own"]


def test_what_cannot_be_together(tidy):
    tidy("network", "create", "own")
    for mode, words in [("host", "sharing network namespace"), ("none", "private (none) mode")]:
        tidy("create", "--name", mode, "--network", mode, "busybox", "true")
        fails(tidy, words, "network", "connect", "own", mode)
    tidy("create", "--name", "box", "busybox", "true")
    fails(tidy, "connected to host network", "network", "connect", "host", "box")
    fails(tidy, "network-scoped alias is supported only", "network", "connect", "--alias", "x", "bridge", "box")
    fails(tidy, "networks with user configured subnets", "network", "connect", "--ip", "10.1.1.1", "own", "box")
    tidy("create", "--name", "joined", "--network", "container:box", "busybox", "true")
    fails(tidy, "sharing network namespace", "network", "connect", "own", "joined")


def test_events(tidy, engine):
    since = now(engine)
    network = tidy("network", "create", "own").out.strip()
    tidy("run", "--name", "box", "busybox", "true")
    tidy("network", "connect", "own", "box")
    tidy("network", "disconnect", "own", "box")
    tidy("network", "rm", "own")
    tidy("network", "prune", "-f")
    box = engine.inspect("box", "{{json .Id}}")
    bridge = json.loads(tidy("network", "inspect", "bridge").out)[0]["Id"]
    own, default = {"name": "own", "type": "bridge"}, {"name": "bridge", "type": "bridge", "container": box}
    said = [(e["Action"], e["Actor"]["ID"], e["Actor"]["Attributes"]) for e in events(engine, since, "--filter", "type=network")]
    assert said == [
        ("create", network, own), ("connect", bridge, default), ("disconnect", bridge, default),
        ("disconnect", network, {**own, "container": box}), ("destroy", network, own), ("prune", "", {"reclaimed": "0"}),
    ]
    order = [e["Action"] for e in events(engine, since) if e["Actor"]["ID"] in (box, bridge)]
    assert [a for a in order if a in ("connect", "start", "die", "disconnect")] == ["connect", "start", "die", "disconnect"]


def test_prune(tidy, engine):
    tidy("network", "create", "--label", "keep", "kept")
    tidy("network", "create", "gone")
    tidy("run", "-d", "--name", "box", "busybox", "sleep", "600")
    tidy("network", "create", "used")
    tidy("network", "connect", "used", "box")
    assert "gone" not in tidy("network", "prune", "-f", "--filter", "until=1h").out
    assert tidy("network", "prune", "-f", "--filter", "label!=keep").out == "Deleted Networks:\ngone\n\n"
    assert "kept" in tidy("system", "prune", "-f").lines
    assert tidy("network", "ls", "--filter", "type=custom", "--format", "{{.Name}}").lines == ["used"]


def test_inspect_finds_every_kind(tidy, engine):
    """`docker inspect` asks for a container, an image, a network, a volume, a plugin, and knows by the answers to go on."""
    tidy("network", "create", "own")
    tidy("volume", "create", "data")
    assert json.loads(tidy("inspect", "own").out)[0]["Driver"] == "bridge"
    assert json.loads(tidy("inspect", "data").out)[0]["Mountpoint"].endswith("/data/_data")
    fails(tidy, "o such object: nothing-at-all", "inspect", "nothing-at-all")
    tidy("volume", "rm", "data")


def test_docker_py(tidy, engine):
    with contextlib.closing(docker.DockerClient(base_url=engine.host, timeout=30)) as client:
        network = client.networks.create("own", labels={"a": "1"}, check_duplicate=True, internal=True)
        box = client.containers.create("busybox", ["true"], name="box", network="own")
        network.disconnect(box)
        network.connect(box, aliases=["web"])
        box.reload()
        assert box.attrs["NetworkSettings"]["Networks"]["own"]["Aliases"] == ["web"]
        assert [n.name for n in client.networks.list(names=["own"])] == ["own"] and client.networks.get("own").attrs["Internal"]
        with pytest.raises(docker.errors.NotFound):
            client.networks.get("nosuch")
        box.remove()
        assert client.networks.prune() == {"NetworksDeleted": ["own"]}
