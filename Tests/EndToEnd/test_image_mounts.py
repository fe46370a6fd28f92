"""`--mount type=image`: the files of another image, read-only, as long as the container is there."""
import json
import os
import signal

import pytest

import clients


@pytest.fixture
def files(engine):
    """An image of two layers."""
    engine.docker("run", "--name", "maker", "--network", "none", "busybox", "sh", "-c", "mkdir -p /srv/sub; echo one >/srv/f; echo two >/srv/sub/g")
    engine.docker("commit", "maker", "files")
    engine.docker("rm", "maker")
    yield "files"
    engine.remove_containers()
    engine.docker("rmi", "-f", "files", check=False)


def mounted(daemon):
    return [line.split()[4] for line in open("/proc/self/mountinfo") if str(daemon.exec_root) in line and "/image-" in line]


def mount(*words):
    return ["--network", "none", "--mount", ",".join(["type=image", "source=files", "target=/files", *words])]


def test_shows_its_files(cli, files):
    daemon = cli.daemon
    assert cli("run", "--name", "box", *mount(), "busybox", "cat", "/files/srv/f", "/files/srv/sub/g").out == "one\ntwo\n"
    failed = cli("run", "--rm", *mount(), "busybox", "touch", "/files/srv/new", check=False)
    assert failed.code == 1 and "Read-only" in failed.err, failed
    assert cli("run", "--rm", *mount("image-subpath=srv/sub"), "busybox", "ls", "/files").out == "g\n"
    point = [one for one in daemon.inspect("box", "{{json .Mounts}}") if one["Type"] == "image"]
    assert [(one["Name"], one["Destination"], one["RW"]) for one in point] == [("files", "/files", False)], point
    assert not mounted(daemon)
    # Its files stay while a container has them.
    cli("rmi", "-f", "files")
    assert cli("start", "-a", "box").out == "one\ntwo\n"
    layers = len(list((daemon.data_root / "image" / daemon.driver / "layerdb/mounts").iterdir()))
    cli("rm", "box")
    left = len(list((daemon.data_root / "image" / daemon.driver / "layerdb/mounts").iterdir()))
    assert layers - left == 2, (layers, left)


def test_several_and_what_is_refused(cli, files):
    two = ["--mount", "type=image,src=busybox,dst=/other"]
    assert cli("run", "--rm", *mount(), *two, "busybox", "sh", "-c", "cat /files/srv/f; ls /other/bin/busybox").out == "one\n/other/bin/busybox\n"
    for words, said in [
        (["type=image,source=nosuchimage,target=/x"], "No such image"), (["type=image,target=/x"], "source"),
        (["type=image,source=files,target=/x,image-subpath=../up"], "subpath"),
    ]:
        failed = cli("create", "--mount", *words, "busybox", "true", check=False)
        assert failed.code != 0 and said.lower() in failed.err.lower(), failed
    failed = cli("run", "--name", "bad", *mount("image-subpath=none"), "busybox", "true", check=False)
    assert failed.code != 0 and "none" in failed.err, failed
    assert not mounted(cli.daemon)
    assert len(cli.daemon.docker("ps", "-aq").lines) == 1


def test_outlives_the_daemon(fresh):
    """A container goes on with it; what one that ended meanwhile had is unmounted."""
    for name in ("stays", "ends"):
        fresh.docker("run", "-d", "--name", name, "--network", "none", "--mount", "type=image,source=busybox,target=/files", "busybox", "sleep", "1000")
    before = mounted(fresh)
    pid = fresh.inspect("ends", "{{.State.Pid}}")
    fresh.kill9()
    os.kill(pid, signal.SIGKILL)
    fresh.start()
    clients.eventually(lambda: not fresh.inspect("ends", "{{json .State.Running}}"))
    clients.eventually(lambda: len(mounted(fresh)) == len(before) // 2, what="only one is mounted")
    assert fresh.docker("exec", "stays", "ls", "/files/bin/busybox").out == "/files/bin/busybox\n"
    fresh.docker("start", "ends")
    assert json.loads(fresh.docker("exec", "ends", "sh", "-c", "echo '[1]'").out) == [1]
    fresh.docker("rm", "-f", "stays", "ends")
    assert not mounted(fresh)
    assert not list((fresh.data_root / "image" / fresh.driver / "layerdb/mounts").iterdir())
