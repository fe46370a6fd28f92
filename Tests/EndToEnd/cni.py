"""Networks by CNI plug-ins, for tests: lists, a plug-in that does what a test says, and a daemon that has them."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest

import leaks
import test_bridges
import test_networks


driver, fails = test_networks.driver, test_networks.fails
sh, serve, eventually, FETCH = test_bridges.sh, test_bridges.serve, test_bridges.eventually, test_bridges.FETCH
PLUGINS = pathlib.Path("/usr/lib/cni")

# A plug-in of the test's, which does what a file beside it says, and notes what it was asked.
SCRIPT = """#!/bin/sh
here=$(dirname "$0")
given=$(cat)
echo "$CNI_COMMAND $CNI_IFNAME netns=$CNI_NETNS args=$CNI_ARGS $given" >>"$here/log"
[ ! -e "$here/act-$CNI_COMMAND" ] || . "$here/act-$CNI_COMMAND"
echo '{"cniVersion": "1.0.0", "ips": [{"address": "10.70.9.9/24"}]}'
"""


class Lists:
    """A daemon's folder of lists, and where its plug-ins note leases."""

    def __init__(self, place):
        self.place, self.folder = place, place / "lists"
        self.folder.mkdir(parents=True)
        self.leases, self.scripts = place / "leases", place / "scripts"
        self.scripts.mkdir()
        (self.scripts / "script").write_text(SCRIPT)
        (self.scripts / "script").chmod(0o755)

    def write(self, name, *plugins, version="1.0.0", file=None, **more):
        path = self.folder / (file or f"{name}.conflist")
        path.write_text(json.dumps({"cniVersion": version, "name": name, "plugins": list(plugins), **more}))
        return path

    def addresses(self, subnet, **more):
        return {"type": "host-local", "dataDir": str(self.leases), "ranges": [[{"subnet": subnet}]], "routes": [{"dst": "0.0.0.0/0"}], **more}

    def bridge(self, name, subnet, **more):
        return {"type": "bridge", "bridge": name, "isGateway": True, "ipMasq": True, "ipam": self.addresses(subnet), **more}

    def act(self, verb, what):
        (self.scripts / f"act-{verb}").write_text(what)

    def forget(self):
        for path in self.scripts.glob("act-*"):
            path.unlink()
        (self.scripts / "log").unlink(missing_ok=True)

    @property
    def log(self):
        path = self.scripts / "log"
        return path.read_text().splitlines() if path.exists() else []

    def left(self):
        """Leases that somebody has, which are files with an address's name."""
        return sorted(str(path) for path in self.leases.glob("*/*") if path.name[0].isdigit())


PORTMAP = {"type": "portmap", "capabilities": {"portMappings": True}}


def links():
    return {link["ifname"] for link in json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout)}


def plug_in_rules():
    """What plug-ins have written for one container, in the packet filter's tables that iptables keeps."""
    said = subprocess.run(["iptables", "-t", "nat", "-S"], capture_output=True, text=True, check=True).stdout
    return [line for line in said.splitlines() if "id: " in line or re.search("CNI-DN-|CNI-[0-9a-f]{8}", line)]


@pytest.fixture(scope="module")
def lists(shared):
    return shared.lists


@pytest.fixture(scope="module")
def shared(make_module_daemon, driver, busybox_tar, place):
    if not (PLUGINS / "bridge").exists():
        pytest.skip("the plug-ins are not installed: apt install containernetworking-plugins")
    found = Lists(place / "cni")
    found.write("shop", found.bridge("vcni0", "10.70.1.0/24", capabilities={"ips": True, "mac": True}), PORTMAP, file="10-shop.conflist")
    found.write("plain", found.bridge("vcni1", "10.70.2.0/24"), file="20-plain.conflist")
    found.write("line", {"type": "ptp", "ipMasq": True, "ipam": found.addresses("10.70.3.0/24")}, version="0.4.0")
    found.write("wire", {"type": "macvlan", "master": "mvcable0", "ipam": found.addresses("10.70.4.0/24", routes=[])})
    found.write("odd", {"type": "script"})
    (found.folder / "one.conf").write_text(json.dumps({"cniVersion": "0.3.1", "name": "one", **found.bridge("vcni2", "10.70.5.0/24")}))
    config = {"cni-conf-dir": str(found.folder), "cni-bin-dir": [str(found.scripts), str(PLUGINS)]}
    daemon = make_module_daemon(driver, config=config)
    daemon.lists = found
    daemon.docker("load", "-i", busybox_tar)
    before = links()
    for step in ("link add mvcable0 type veth peer name mvcable1", "link set mvcable0 up", "link set mvcable1 up"):
        subprocess.run(["ip", *step.split()], check=True)
    yield daemon
    if daemon.running:
        daemon.remove_containers()
    for name in links() - before:
        subprocess.run(["ip", "link", "del", name], check=False)
    shutil.rmtree(found.place)


@pytest.fixture
def tidy(engine, lists):
    """The stock command; afterwards plug-ins have given back all that they gave."""
    yield engine.docker
    lists.forget()
    if not engine.running:
        engine.start()
    engine.remove_containers()
    for name in engine.docker("network", "ls", "-q", "--filter", "driver=bridge", "--filter", "type=custom").lines:
        engine.docker("network", "rm", name)
    assert (lists.left(), plug_in_rules()) == ([], [])
    assert not leaks.mounts_below(engine.exec_root / "cni") and not list((engine.exec_root / "cni").glob("*"))
    assert not list((engine.data_root / "varve/cni").glob("*"))
    eventually(lambda: {name for name in links() if name.startswith("veth")}, set())
