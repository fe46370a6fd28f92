"""lxcfs: what a container sees of itself in /proc."""
import os
import pathlib
import shutil
import subprocess
import time

import pytest

import drivers
import test_reload

FOLDER = pathlib.Path("/var/lib/lxcfs")


@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name == "overlay2"])
def driver(request):
    return request.param


@pytest.fixture(scope="module")
def lxcfs():
    """The host's, or one for these tests."""
    if (FOLDER / "proc/meminfo").exists():
        yield
        return
    program = shutil.which("lxcfs")
    assert program, "apt install lxcfs (.ci/setup --test)"
    FOLDER.mkdir(exist_ok=True)
    process = subprocess.Popen([program, "-f", FOLDER], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while not (FOLDER / "proc/meminfo").exists():
        assert process.poll() is None and time.monotonic() < deadline, "lxcfs does not start"
        time.sleep(0.05)
    yield
    process.terminate()
    process.wait()
    subprocess.run(["umount", "-l", FOLDER], check=False, stderr=subprocess.DEVNULL)


def test_where_it_does_not_run(engine, tmp_path):
    if (FOLDER / "proc/meminfo").exists():
        pytest.skip("lxcfs runs on this host")
    said = engine.docker("run", "--rm", "--annotation", "io.varve.lxcfs=true", "busybox", "true", check=False)
    assert said.code == 125 and "apt install lxcfs" in said.err, said
    assert "lxcfs is not running" in test_reload.TestConfiguration.validate(tmp_path, {"lxcfs": True}).both


class TestRunning:
    def test_limits_are_shown(self, lxcfs, cli):
        choice = ["--lxcfs"] if cli.name == "varve" else ["--annotation", "io.varve.lxcfs=true"]
        look = ["busybox", "sh", "-c", "head -1 /proc/meminfo; cut -d. -f1 /proc/uptime; grep -c ^processor /proc/cpuinfo"]
        limits = ["-m", "64m", "--cpuset-cpus", "0"]
        total, uptime, processors = cli("run", "--rm", *limits, *choice, *look).lines
        assert total.split() == ["MemTotal:", "65536", "kB"] and int(uptime) < 60 and processors == "1"
        total, uptime, processors = cli("run", "--rm", *limits, *look).lines
        assert int(total.split()[1]) > 65536 and processors == str(os.cpu_count())

    def test_for_all(self, lxcfs, make_daemon, busybox_tar):
        daemon = make_daemon("vfs", kind="varved", config={"lxcfs": True})
        daemon.docker("load", "-i", busybox_tar)
        look = ["busybox", "head", "-1", "/proc/meminfo"]
        assert daemon.docker("run", "--rm", "-m", "64m", *look).out.split()[1] == "65536"
        assert daemon.docker("run", "--rm", "-m", "64m", "--annotation", "io.varve.lxcfs=false", *look).out.split()[1] != "65536"

    def test_bad_choice(self, engine):
        said = engine.docker("create", "--annotation", "io.varve.lxcfs=maybe", "busybox", "true", check=False)
        assert said.code == 1 and "true or false" in said.err
