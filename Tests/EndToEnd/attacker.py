"""The image `attacker`: busybox, and `attack`, which does from inside what attack.c says."""
import pathlib
import subprocess

import pytest

import drivers
import rootfs

SOURCE = pathlib.Path(__file__).with_name("attack.c")


@pytest.fixture(scope="session")
def attack(place):
    """The program, for this machine's kernel, whatever libraries an image has."""
    program = place / "attack"
    subprocess.run(["clang", "-static", "-O1", "-o", program, SOURCE], check=True)
    return program


@pytest.fixture(scope="session")
def attacker_tar(attack, place):
    layers = [rootfs.busybox_layer(), rootfs.tar([rootfs.member("bin/attack", data=attack.read_bytes(), mode=0o755)])]
    path = place / "attacker.tar"
    path.write_bytes(rootfs.docker_archive(layers, "attacker:latest"))
    return path


@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name == "overlay2"])
def driver(request):
    """None of this is a storage driver's business."""
    return request.param


@pytest.fixture(scope="module")
def shared(make_module_daemon, driver, busybox_tar, attacker_tar):
    """Instead of conftest.py's: with both images."""
    daemon = make_module_daemon(driver)
    for archive in (busybox_tar, attacker_tar):
        daemon.docker("load", "-i", archive)
    return daemon


def in_container(engine, *command, flags=(), check=False):
    """What a container of the attacker's image says and how it ends."""
    return engine.docker("run", "--rm", *flags, "attacker", *command, check=check)


def start(engine, name, *command, flags=()):
    """The same in the background; gives the pid of its first process."""
    engine.docker("run", "-d", "--name", name, "--stop-timeout", "0", *flags, "attacker", *command)
    return engine.inspect(name, "{{.State.Pid}}")
