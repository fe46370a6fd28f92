"""The example of a driver that is a plug-in: it keeps all promises, and does what it is shown for."""
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

import engine as engines

PROGRAM = pathlib.Path(__file__).parents[2] / "Plugins/Examples/Python/plaincopy.py"


@pytest.fixture
def start():
    """Starts the example on a socket; it ends with the test."""
    running = []

    def begin(socket):
        running.append(subprocess.Popen([sys.executable, str(PROGRAM), str(socket)]))
        deadline = time.monotonic() + 10 * engines.PATIENCE
        while not socket.is_socket():
            assert time.monotonic() < deadline and running[-1].poll() is None, "the example did not start"
            time.sleep(0.01)
        time.sleep(0.05)    # between bind and listen
        return running[-1]
    yield begin
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def plaincopy(make_daemon, start):
    """A daemon with the example as its driver."""
    daemon = make_daemon("plaincopy", start=False)
    folder = daemon.exec_root / "plugins"
    folder.mkdir(parents=True)
    start(folder / "plaincopy.sock")
    daemon.start()
    yield daemon
    daemon.remove_containers()
    daemon.stop()


def test_every_promise_is_kept(start, place):
    socket, home = place / "checked.sock", place / "checked"
    home.mkdir()
    start(socket)
    command = [engines.BIN / "varved", "driver", "check", "--driver", f"plugin:{socket}", "--home", home]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    checks = json.loads(done.stdout)
    broken = [check for check in checks if check["outcome"] not in ("passed", "skipped")]
    assert done.returncode == 0 and not broken, (broken, done.stderr)
    passed = sum(check["outcome"] == "passed" for check in checks)
    assert passed >= 145, f"only {passed} promises could be tried"


def test_images_are_loaded_run_committed_and_removed(plaincopy, busybox_tar):
    daemon = plaincopy
    home = daemon.data_root / "plaincopy"
    daemon.docker("load", "-i", busybox_tar)
    script = "echo hi >/made; rm /bin/true; ln -s made /link; mkfifo /pipe; chown 12:34 /made"
    daemon.docker("run", "--network", "none", "--name", "one", "busybox", "sh", "-c", script)
    assert sorted(daemon.docker("diff", "one").lines) == ["A /link", "A /made", "A /pipe", "C /bin", "D /bin/true"]
    daemon.docker("commit", "one", "two")
    script = "cat /link; stat -c %u:%g /made; test -p /pipe; ls /bin/true || echo gone"
    shown = daemon.docker("run", "--rm", "--network", "none", "two", "sh", "-c", script)
    assert shown.out == "hi\n12:34\ngone\n"
    assert len(os.listdir(home)) == 4       # one's two layers, and those of both images
    daemon.docker("rm", "one")
    daemon.docker("rmi", "two", "busybox")
    assert os.listdir(home) == []


def test_it_has_the_rights_that_it_needs_when_the_daemon_starts_it(make_daemon, busybox_tar):
    daemon = make_daemon("begun", arguments=["--driver-command", f"{sys.executable} {PROGRAM} {{socket}}"])
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("run", "--network", "none", "--name", "one", "busybox", "touch", "/made")
    assert daemon.docker("diff", "one").lines == ["A /made"]
    daemon.docker("commit", "one", "two")
    daemon.docker("run", "--rm", "--network", "none", "two", "ls", "/made")


def test_a_link_in_a_container_leads_nowhere_on_the_host(plaincopy, busybox_tar):
    """The tar of a commit is read, and that of the image unpacked, with the layer as root."""
    daemon = plaincopy
    daemon.docker("load", "-i", busybox_tar)
    secret = daemon.data_root.parent / f"{daemon.data_root.name}-secret"
    secret.mkdir()
    (secret / "file").write_text("the host's")
    script = f"rm -rf /home; ln -s {secret} /home; ln -s ../../../../../../{secret} /up"
    daemon.docker("run", "--network", "none", "--name", "one", "busybox", "sh", "-c", script)
    daemon.docker("commit", "one", "two")
    script = "cat /home/file /up/file; readlink /home"
    shown = daemon.docker("run", "--rm", "--network", "none", "two", "sh", "-c", script)
    assert shown.out == f"{secret}\n" and "the host's" not in shown.both
    assert (secret / "file").read_text() == "the host's" and os.listdir(secret) == ["file"]
    daemon.docker("rm", "one")
