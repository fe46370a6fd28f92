"""Varve's drivers, served to others: Debian's dockerd stores on them, and so does varved."""
import io
import json
import os
import signal
import socket
import subprocess
import tarfile
import time

import pytest

import conftest
import engine as engines
import leaks
import peer

# The plug-in is in dockerd's mount namespace, in a folder that the machine does not see; it ends after dockerd has.
SERVE = """
ip link set lo up
[ -d /run/containerd ] && mount -t tmpfs tmpfs /run/containerd
mkdir -p /run/docker/plugins && mount -t tmpfs tmpfs /run/docker/plugins
varved=$1 driver=$2; shift 2
"$varved" driver serve "$driver" --socket /run/docker/plugins/served.sock &
for try in $(seq 200); do [ -S /run/docker/plugins/served.sock ] && break; sleep 0.05; done
exec "$@"
"""
DRIVERS = [driver for driver in conftest.DRIVERS if driver in ("overlay2", "btrfs", "vfs")]


class DockerdOnPlugin(peer.Dockerd):
    """dockerd, whose storage driver is ours."""

    served = None

    def argv(self):
        start = super().argv()
        dockerd = start[start.index("dockerd"):]
        dockerd[dockerd.index("--storage-driver") + 1] = "served"
        namespaces = start[:start.index("sh")]
        return [*namespaces, "sh", "-c", SERVE, "sh", str(engines.BIN / "varved"), self.served, *dockerd, "--experimental"]


@pytest.fixture
def dockerd(place, disks, driver):
    daemon = DockerdOnPlugin(f"d{driver[0]}-{os.getpid()}", place, disks.of(driver), driver)
    daemon.served = driver
    try:
        yield daemon.start()
    finally:
        daemon.remove_containers()
        daemon.stop()


@pytest.mark.parametrize("driver", DRIVERS)
def test_dockerd_stores_on_it(dockerd, driver, busybox_tar):
    info = json.loads(dockerd.docker("info", "--format", "{{json .}}").out)
    assert info["Driver"] == "served"
    dockerd.docker("load", "-i", busybox_tar)
    run = ["run", "--network", "none"]
    assert dockerd.docker(*run, "--name", "one", "busybox", "sh", "-c", "echo hi >/made; rm /bin/vi; cat /made").out == "hi\n"
    assert {"A /made", "C /bin", "D /bin/vi"} <= set(dockerd.docker("diff", "one").lines)
    dockerd.docker("commit", "one", "two")
    assert dockerd.docker(*run, "--rm", "two", "sh", "-c", "cat /made; ls /bin/vi || true").out == "hi\n"
    context = dockerd.place / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM two\nCOPY Dockerfile /copied\nRUN rm /made && mkdir /dir\n")
    dockerd.docker("build", "--network", "none", "-t", "three", context, timeout=120)
    assert dockerd.docker(*run, "--rm", "three", "sh", "-c", "ls -d /copied /dir; ls /made 2>/dev/null || true").lines == ["/copied", "/dir"]
    # What leaves is what came: a saved image has the digests that it was loaded with.
    saved = dockerd.place / "saved.tar"
    dockerd.docker("save", "-o", saved, "three")
    dockerd.docker("rm", "one")
    dockerd.docker("rmi", "three", "two", "busybox")
    assert dockerd.image_ids() == set()
    dockerd.docker("load", "-i", saved)
    assert dockerd.docker(*run, "--rm", "three", "cat", "/copied").out.startswith("FROM two")


class Served:
    """A server on the machine, and how it ends."""

    def __init__(self, driver, socket):
        self.driver, self.socket, self.process = driver, socket, None

    def start(self, *flags):
        argv = [str(engines.BIN / "varved"), "driver", "serve", self.driver, "--socket", str(self.socket), *map(str, flags)]
        self.process = subprocess.Popen(argv)
        deadline = time.monotonic() + 10 * engines.PATIENCE
        while True:
            try:
                engines.UnixConnection(self.socket, 1).connect()
                return self
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, "the server did not start"
                time.sleep(0.01)

    def ask(self, call, **body):
        connection = engines.UnixConnection(self.socket, 10)
        connection.request("POST", f"/{call}", json.dumps(body) + "\n")
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        return response.status, answer

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(10 * engines.PATIENCE)


@pytest.fixture
def served(place, disks, driver):
    server = Served(driver, place / f"{driver}.sock").start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)
        server.socket.unlink(missing_ok=True)


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_check_passes_through_the_socket(served, disks, driver):
    """The list that each built-in driver is held to, asked of a driver in another process."""
    result = engines.run(
        [engines.BIN / "varved", "driver", "check", "--driver", f"plugin:{served.socket}", "--home", disks.of(driver)], timeout=500
    )
    assert result.code == 0 and " 0 failed" in result.lines[-1], str(result)


@pytest.mark.parametrize("driver", [driver for driver in DRIVERS if driver == "overlay2"])
def test_goes_on_after_a_kill(served, disks, driver):
    home = disks.of(driver) / "killed"
    served.ask("GraphDriver.Init", Home=str(home), Opts=None, UIDMaps=None, GIDMaps=None)
    for name in ("a", "b"):
        assert served.ask("GraphDriver.CreateReadWrite", ID=name, Parent={"b": "a"}.get(name, "")) == (200, {})
    shown = served.ask("GraphDriver.Get", ID="b")[1]["Dir"]
    with open(f"{shown}/f", "w", encoding="ascii") as file:
        file.write("kept")
    served.end(signal.SIGKILL)
    served.start()
    status, answer = served.ask("GraphDriver.Get", ID="b")
    assert status == 500 and "Init" in answer["Err"]
    served.ask("GraphDriver.Init", Home=str(home))
    # The first look still counts: the second one's end leaves the mount.
    assert served.ask("GraphDriver.Get", ID="b")[1]["Dir"] == shown
    served.ask("GraphDriver.Put", ID="b")
    with open(f"{shown}/f", encoding="ascii") as file:
        assert file.read() == "kept"
    served.ask("GraphDriver.Put", ID="b")
    assert leaks.mounts_below(home) == [] and not os.path.exists(shown)
    # Surplus calls, and removal twice.
    for call in ("Put", "Remove", "Remove"):
        assert served.ask(f"GraphDriver.{call}", ID="b") == (200, {})
    served.ask("GraphDriver.Remove", ID="a")
    served.end(signal.SIGTERM)
    assert served.process.returncode == 0 and not served.socket.exists()
    assert leaks.mounts_below(home) == []
    subprocess.run(["rm", "-r", home], check=True)


@pytest.mark.parametrize("driver", [driver for driver in DRIVERS if driver == "vfs"])
def test_another_client_leaves_dockers_home_alone(served, disks, driver):
    """dockerd names its home once; its later calls are about that one, whoever comes meanwhile with another."""
    home = disks.of(driver) / "docker's"
    served.ask("GraphDriver.Init", Home=str(home))
    served.ask("GraphDriver.Create", ID="a")
    argv = [engines.BIN / "varved", "driver", "check", "--driver", f"plugin:{served.socket}", "--check", "hard link"]
    result = engines.run([*argv, "--home", disks.of(driver)])
    assert result.code == 0 and " 0 failed" in result.lines[-1], str(result)
    assert served.ask("GraphDriver.Exists", ID="a") == (200, {"Exists": True})
    served.ask("GraphDriver.Create", ID="b", Parent="a")
    assert served.ask("GraphDriver.Get", ID="b")[1]["Dir"].startswith(f"{home}/")
    subprocess.run(["rm", "-r", home], check=True)


@pytest.mark.parametrize("driver", [driver for driver in DRIVERS if driver == "vfs"])
def test_bad_requests_are_told(served, disks, driver):
    home = disks.of(driver) / "asked"
    mapped = [{"container_id": 0, "host_id": 100000, "size": 65536}]
    status, answer = served.ask("GraphDriver.Init", Home=str(home), UIDMaps=mapped, GIDMaps=mapped)
    assert status == 500 and "--userns-remap" in answer["Err"]
    status, answer = served.ask("GraphDriver.Init", Home=str(home), Opts=["no.such=1"])
    assert status == 500 and "unknown option no.such" in answer["Err"]
    served.ask("GraphDriver.Init", Home=str(home))
    for body, words in [({}, "no ID"), ({"ID": "../x"}, "can't be a layer's ID"), ({"ID": "x", "MountLabel": "a:b"}, "SELinux")]:
        status, answer = served.ask("GraphDriver.Create", **body)
        assert status == 500 and words in answer["Err"], answer
    subprocess.run(["rm", "-r", home], check=True)


ONLY_VFS = pytest.mark.parametrize("driver", [driver for driver in DRIVERS if driver == "vfs"])


@ONLY_VFS
def test_one_folder_has_one_home(served, disks, driver):
    """Two clients with one --root would have each other's layers: the second is refused until the first has ended."""
    root, homes = disks.of(driver) / "one-root", [disks.of(driver) / name for name in ("first", "second")]
    served.end(signal.SIGTERM)
    served.start("--root", root)
    for home in homes:
        home.mkdir()
    assert served.ask("GraphDriver.Init", Home=str(homes[0]))[0] == 200
    status, answer = served.ask("GraphDriver.Init", Home=str(homes[1]))
    assert status == 500 and str(root) in answer["Err"] and str(homes[0]) in answer["Err"], answer
    assert served.ask("GraphDriver.Create", ID="a") == (200, {})    # the first one's
    assert served.ask("GraphDriver.Cleanup", Home=str(homes[0]))[0] == 200
    assert served.ask("GraphDriver.Init", Home=str(homes[1]))[0] == 200
    subprocess.run(["rm", "-r", root, *homes], check=True)


@ONLY_VFS
def test_nothing_ends_under_a_call(served, disks, driver):
    home = disks.of(driver) / "busy"
    served.ask("GraphDriver.Init", Home=str(home))
    served.ask("GraphDriver.CreateReadWrite", ID="a")
    shown = served.ask("GraphDriver.Get", ID="a")[1]["Dir"]
    content = os.urandom(64 << 20)
    with open(f"{shown}/f", "wb") as file:
        file.write(content)
    connection = engines.UnixConnection(served.socket, 60)
    connection.request("POST", "/GraphDriver.Diff", json.dumps({"ID": "a"}))
    response = connection.getresponse()
    begun = response.read(1 << 20)      # the rest waits here
    slow = engines.UnixConnection(served.socket, 60)
    slow.request("POST", "/GraphDriver.Cleanup", "{}")
    answer = slow.getresponse()
    assert answer.status == 500 and "still under way" in json.loads(answer.read())["Err"]
    with tarfile.open(fileobj=io.BytesIO(begun + response.read())) as tar:
        assert tar.extractfile("f").read() == content
    assert served.ask("GraphDriver.Cleanup") == (200, {})
    subprocess.run(["rm", "-r", home], check=True)


@ONLY_VFS
def test_calls_that_are_none(served, driver):
    for request, status in [(b"GET /GraphDriver.Get HTTP/1.1\r\n\r\n", b"404"), (b"POST /no HTTP/1.1\r\n\r\n", b"404"), (b"EHLO x\r\n", b"400")]:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(10)
        connection.connect(str(served.socket))
        connection.sendall(request)
        assert connection.recv(4096).startswith(b"HTTP/1.1 " + status)
        connection.close()
    # Nobody is served worse for it.
    assert served.ask("Plugin.Activate") == (200, {"Implements": ["GraphDriver"]})


@pytest.mark.parametrize("driver", DRIVERS)
def test_varved_stores_on_it(make_daemon, place, disks, driver, busybox_tar):
    daemon = make_daemon("served", start=False, data_root=disks.of(driver) / f"through-{driver}")
    daemon.owns_data_root = True
    (daemon.exec_root / "plugins").mkdir(parents=True)
    server = Served(driver, daemon.exec_root / "plugins" / "served.sock").start()
    try:
        daemon.start()
        daemon.docker("load", "-i", busybox_tar)
        daemon.docker("run", "--network", "none", "--name", "one", "busybox", "sh", "-c", "echo hi >/made")
        assert daemon.docker("diff", "one").lines == ["A /made"]
        # A server that was killed is greeted again.
        server.end(signal.SIGKILL)
        server.start()
        daemon.docker("commit", "one", "two")
        assert daemon.docker("run", "--rm", "--network", "none", "two", "cat", "/made").out == "hi\n"
        daemon.remove_containers()
        daemon.stop()
    finally:
        server.end(signal.SIGTERM)
    assert server.process.returncode == 0
