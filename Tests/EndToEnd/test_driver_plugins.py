"""Storage drivers in other processes: found, used, and no danger to the daemon, whatever they do."""
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import threading
import time

import pytest

import engine as engines

PROGRAM = pathlib.Path(__file__).with_name("plugins.py")
# Who answers late is late after two seconds here.
LIMITS = ["--storage-opt", "remote.timeout=2", "--storage-opt", "remote.patience=1"]


class Plugin:
    """The process, and how it is ended and begun again."""

    def __init__(self, socket):
        self.socket, self.process = socket, None

    def start(self, *fault):
        self.socket.unlink(missing_ok=True)
        self.process = subprocess.Popen([sys.executable, str(PROGRAM), str(self.socket), *fault])
        deadline = time.monotonic() + 10 * engines.PATIENCE
        while not self.socket.exists():
            assert time.monotonic() < deadline and self.process.poll() is None, "the plug-in did not start"
            time.sleep(0.01)
        time.sleep(0.05)    # between bind and listen
        return self

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def plugin(make_daemon):
    """A daemon that is not started yet, and the plug-in in its folder."""
    daemon = make_daemon("awkward", start=False, arguments=LIMITS)
    folder = daemon.exec_root / "plugins"
    folder.mkdir(parents=True)
    plugin = Plugin(folder / "awkward.sock")
    try:
        yield daemon, plugin
        if daemon.running:      # it may still ask
            daemon.remove_containers()
            daemon.restart()    # what could not be deleted for want of the plug-in is deleted now
            daemon.stop()
    finally:
        plugin.stop()


def test_images_and_containers_on_a_plugin(plugin, busybox_tar):
    daemon, process = plugin
    process.start()
    daemon.start()
    info = json.loads(daemon.docker("info", "--format", "{{json .}}").out)
    assert info["Driver"] == "awkward" and ["Kept In", f"{daemon.data_root}/awkward"] in info["DriverStatus"]
    daemon.docker("load", "-i", busybox_tar)
    assert daemon.docker("run", "--network", "none", "--name", "one", "busybox", "sh", "-c", "echo hi >/made; cat /made").out == "hi\n"
    assert daemon.docker("diff", "one").lines == ["A /made"]
    assert daemon.inspect("one", "{{json .GraphDriver}}")["Name"] == "awkward"
    daemon.docker("rm", "one")
    daemon.docker("rmi", "busybox")
    # Both layers of the container and the image's are gone.
    assert sorted(os.listdir(daemon.data_root / "awkward")) == []


# The fault, the call it is in, and the words of the error.
ON_GET = [
    ("dies", "it closed the connection"), ("hangs", "no answer within 2 s"), ("garbage", "not understood"),
    ("huge", "more than 64 MiB"), ("short", "it closed the connection"), ("no_http", "not understood: status line 220"),
    ("endless_headers", "more than 256 headers"), ("outside", "/etc, which is not below"),
    ("relative", "no absolute path"), ("link_out", "leads to /etc"), ("error", "it refuses: the moon is full"),
]
IN_STREAMS = [
    ("dies_in_stream", "GraphDriver.ApplyDiff", "it closed the connection"), ("negative", "GraphDriver.ApplyDiff", "-1 bytes"),
    ("enormous", "GraphDriver.ApplyDiff", f"{1 << 60} bytes"), ("garbage", "GraphDriver.ApplyDiff", "not understood"),
]


@pytest.mark.parametrize("fault,words", ON_GET)
def test_fault_is_told_and_passes(plugin, busybox_tar, fault, words):
    daemon, process = plugin
    process.start()
    daemon.start()
    daemon.docker("load", "-i", busybox_tar)
    process.stop()
    process.start(fault, "GraphDriver.Get")
    failed = daemon.docker("run", "--rm", "--network", "none", "busybox", "true", check=False)
    assert failed.code != 0 and words in failed.both, str(failed)
    assert "storage plug-in awkward" in failed.both and "GraphDriver.Get" in failed.both, str(failed)
    assert daemon.api("GET", "/_ping")[0] == 200
    process.stop()
    process.start()
    daemon.docker("run", "--rm", "--network", "none", "busybox", "true")


@pytest.mark.parametrize("fault,call,words", IN_STREAMS)
def test_fault_while_a_layer_comes(plugin, busybox_tar, fault, call, words):
    daemon, process = plugin
    process.start(fault, call)
    daemon.start()
    failed = daemon.docker("load", "-i", busybox_tar, check=False)
    assert failed.code != 0 and words in failed.both and "storage plug-in awkward" in failed.both, str(failed)
    assert daemon.image_ids() == set()
    process.stop()
    process.start()
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("run", "--rm", "--network", "none", "busybox", "true")


def test_plugin_that_dies_while_a_layer_leaves(plugin, busybox_tar):
    daemon, process = plugin
    process.start()
    daemon.start()
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("run", "--network", "none", "--name", "one", "busybox", "true")
    process.stop()
    process.start("dies_in_stream", "GraphDriver.Diff")
    before = daemon.image_ids()
    failed = daemon.docker("commit", "one", "two", check=False)
    assert failed.code != 0 and "storage plug-in awkward" in failed.both and "GraphDriver.Diff" in failed.both, str(failed)
    assert daemon.image_ids() == before
    process.start()
    daemon.docker("commit", "one", "two")
    daemon.docker("run", "--rm", "--network", "none", "two", "true")


def test_plugin_that_is_away_is_told_and_used_when_back(plugin, busybox_tar):
    daemon, process = plugin
    process.start()
    daemon.start()
    daemon.docker("load", "-i", busybox_tar)
    process.stop()
    failed = daemon.docker("create", "--network", "none", "busybox", "true", check=False)
    assert failed.code != 0 and "storage plug-in awkward" in failed.both and "start the plug-in" in failed.both, str(failed)
    assert len(daemon.image_ids()) == 1
    process.start()
    daemon.docker("run", "--rm", "--network", "none", "busybox", "true")


@pytest.mark.parametrize("fault,call,words", [
    ("other_kind", "Plugin.Activate", "VolumeDriver"), ("error", "GraphDriver.Init", "the moon is full"),
    ("hangs", "GraphDriver.Init", "no answer within 2 s"),
])
def test_bad_start_is_refused_with_the_reason(plugin, fault, call, words):
    daemon, process = plugin
    process.start(fault, call)
    with pytest.raises(AssertionError, match="ended with 1"):
        daemon.start()
    assert "storage plug-in awkward" in daemon.tail() and words in daemon.tail()


def test_plugin_that_the_daemon_starts(make_daemon, busybox_tar):
    """It runs with fewer rights, again after it has died, and no longer than the daemon."""
    command = f"{sys.executable} {PROGRAM} {{socket}}"
    daemon = make_daemon("own", arguments=["--driver-command", command])
    daemon.docker("load", "-i", busybox_tar)
    found = subprocess.run(["pgrep", "-f", f"{PROGRAM} {daemon.exec_root}"], capture_output=True, text=True, check=True).stdout.split()
    assert len(found) == 1, found
    status = pathlib.Path(f"/proc/{found[0]}/status").read_text(encoding="ascii").splitlines()
    bounding = int(next(line for line in status if line.startswith("CapBnd")).split()[1], 16)
    assert bounding & ~0x8824021F == 0 and bounding & 1 << 21, hex(bounding)
    assert "NoNewPrivs:\t1" in status
    os.kill(int(found[0]), 9)
    daemon.docker("run", "--rm", "--network", "none", "busybox", "true")
    assert "it is started again" in daemon.tail()
    daemon.stop()
    left = subprocess.run(["pgrep", "-f", f"{PROGRAM} {daemon.exec_root}"], capture_output=True, text=True, check=False).stdout
    assert left == ""


def test_own_plugin_ends_with_a_killed_daemon(make_daemon):
    daemon = make_daemon("own", arguments=["--driver-command", f"{sys.executable} {PROGRAM} {{socket}}"])
    search = ["pgrep", "-f", f"{PROGRAM} {daemon.exec_root}"]
    assert len(subprocess.run(search, capture_output=True, text=True, check=True).stdout.split()) == 1
    daemon.kill9()
    deadline = time.monotonic() + 5 * engines.PATIENCE
    while subprocess.run(search, capture_output=True, check=False).returncode == 0:
        assert time.monotonic() < deadline, "the plug-in outlives its daemon"
        time.sleep(0.02)
    daemon.start()


def test_plugin_that_starts_after_the_daemon(plugin, busybox_tar):
    daemon, process = plugin
    daemon.arguments += ["--storage-opt", "remote.patience=10"]
    timer = threading.Timer(0.5, process.start)
    timer.start()
    try:
        daemon.start()
    finally:
        timer.join()
    daemon.docker("load", "-i", busybox_tar)


def test_work_may_take_longer_than_a_call(plugin, busybox_tar):
    """As long as the plug-in answers others: nobody knows how long the removal of much data takes."""
    daemon, process = plugin
    process.start("slow", "GraphDriver.Remove")
    daemon.start()
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("run", "--network", "none", "--name", "one", "busybox", "true")
    daemon.docker("rm", "one")
    assert len(os.listdir(daemon.data_root / "awkward")) == 1


def test_work_of_a_plugin_that_answers_nobody_is_given_up(plugin, busybox_tar):
    daemon, process = plugin
    process.start()
    daemon.start()
    daemon.docker("load", "-i", busybox_tar)
    process.stop()
    process.start("stops", "GraphDriver.CreateReadWrite")
    start = time.monotonic()
    failed = daemon.docker("create", "--network", "none", "busybox", "true", check=False)
    assert failed.code != 0 and "no answer within 2 s" in failed.both, str(failed)
    assert time.monotonic() - start < 12 * engines.PATIENCE
    process.stop()
    process.start()


def test_many_changes(plugin, busybox_tar):
    daemon, process = plugin
    process.start("many", "GraphDriver.Changes")
    daemon.start()
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("create", "--network", "none", "--name", "one", "busybox", "true")
    status, body = daemon.api("GET", "/containers/one/changes")
    changes = json.loads(body)
    assert status == 200 and len(changes) == 70000 and {change["Kind"] for change in changes} == {1}


def test_plugin_that_gives_the_same_tars_back(plugin, busybox_tar, place):
    """Nothing is kept to make them again: what leaves is what the plug-in's Diff gives, if it has the layer's digest."""
    daemon, process = plugin
    process.start("exact", "none")
    daemon.start()
    daemon.docker("load", "-i", busybox_tar)
    (layer,) = (daemon.data_root / "image" / "awkward" / "layerdb" / "sha256").iterdir()
    assert not (layer / "tar-split.json.gz").exists()
    saved = place / "exact.tar"
    daemon.docker("save", "-o", saved, "busybox")
    with tarfile.open(saved) as ours, tarfile.open(busybox_tar) as theirs:
        (name,) = json.load(ours.extractfile("manifest.json"))[0]["Layers"]
        (given,) = json.load(theirs.extractfile("manifest.json"))[0]["Layers"]
        assert ours.extractfile(name).read() == theirs.extractfile(given).read()
    # One that can't do it any more is found out.
    process.stop()
    process.start("exact", "none")
    failed = daemon.docker("save", "-o", saved, "busybox", check=False)
    assert failed.code != 0, str(failed)


def test_address_elsewhere_is_refused_with_the_reason(make_daemon):
    file = pathlib.Path("/etc/docker/plugins/varve-far.spec")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("tcp://192.0.2.1:80\n", encoding="ascii")
    try:
        daemon = make_daemon("varve-far", start=False)
        with pytest.raises(AssertionError, match="ended with 1"):
            daemon.start()
        assert "it listens at tcp://192.0.2.1:80, but only at unix:///path" in daemon.tail()
    finally:
        file.unlink()


def test_name_of_no_plugin(make_daemon):
    daemon = make_daemon("nobody", start=False)
    with pytest.raises(AssertionError, match="no plug-in has that name"):
        daemon.start()


def test_listed_and_probed_where_docker_looks(place):
    folder = pathlib.Path("/run/docker/plugins")
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    process = Plugin(folder / "varve-test.sock").start()
    try:
        root = place / "listed"
        rows = engines.run([engines.BIN / "varved", "driver", "ls", "--data-root", root]).lines
        assert ["varve-test", "yes", "no"] in [row.split() for row in rows], rows
        probed = engines.run([engines.BIN / "varved", "driver", "probe", "--data-root", root, "-s", "varve-test"])
        assert "chosen: varve-test: asked for by --storage-driver" in probed.out, str(probed)
    finally:
        process.stop()
        process.socket.unlink()
        if made:
            folder.rmdir()
