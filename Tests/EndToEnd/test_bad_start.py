"""A daemon that cannot start says what, where, why and what to do, ends with 1, and leaves nothing."""
import json
import os
import subprocess

import pytest

import engine as engines
import leaks


@pytest.fixture
def refused(make_daemon):
    """Starts a daemon that must not start; gives what it said."""

    def start(driver="overlay2", arguments=(), config=None, prefix=(), **options):
        daemon = make_daemon(driver, start=False, kind="varved", arguments=arguments, config=config, **options)
        argv = [argument for argument in daemon.argv() if driver or argument not in ("-s", "")]
        done = engines.run([*prefix, *argv], timeout=20)
        assert done.code != 0 and not daemon.pidfile.exists() and not leaks.of(daemon, patience=1), done
        return done

    return start


def test_unknown_driver(refused, disk):
    """The drivers that there are, are named."""
    said = refused("nosuch").both
    assert "nosuch" in said and "overlay2" in said and "vfs" in said
    assert not list(disk.glob("*/nosuch"))


@pytest.mark.parametrize("driver", ["btrfs", "zfs", "aufs", "devicemapper"])
def test_driver_that_this_build_lacks(refused, driver):
    said = refused(driver).both
    assert driver in said and "overlay2" in said


@pytest.mark.parametrize("driver, option", [("overlay2", "overlay2.nosuch=1"), ("vfs", "nosuch=1"), ("overlay2", "withoutvalue")])
def test_unknown_option(refused, driver, option):
    assert option.split("=")[0] in refused(driver, ["--storage-opt", option]).both


def test_driver_that_this_file_system_cannot_carry(refused, disk):
    """overlay2 on overlay: the reason and a way out are named."""
    folders = [disk / f"ovl-{name}" for name in ("lower", "upper", "work", "merged")]
    for folder in folders:
        folder.mkdir()
    lower, upper, work, merged = folders
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, merged], check=True)
    try:
        said = refused("overlay2", data_root=merged / "root").both
    finally:
        subprocess.run(["umount", merged], check=True)
    assert "overlay2" in said and "overlay" in said.replace("overlay2", "") and "vfs" in said, said


def test_data_root_in_use(refused, fresh):
    """The first one's pid is named, and the first one is well."""
    said = refused(fresh.driver, data_root=fresh.data_root).both
    assert str(fresh.process.pid) in said and str(fresh.data_root) in said
    assert fresh.docker("run", "--rm", "busybox", "echo", "well").out == "well\n"


def test_socket_in_use(refused, fresh):
    said = refused(fresh.driver, ["-H", fresh.host]).both
    assert str(fresh.socket) in said and "use" in said
    assert fresh.docker("run", "--rm", "busybox", "echo", "well").out == "well\n"


def test_no_root_rights(refused):
    said = refused("vfs", prefix=["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]).both
    assert "root" in said


def test_unknown_flag(refused):
    assert "nosuchflag" in refused("vfs", ["--nosuchflag"]).both


@pytest.mark.parametrize("text, words", [("{", "daemon.json"), ('{"nosuch-key": 1}', "nosuch-key"), ('{"data-root": 7}', "data-root")])
def test_bad_configuration_file(refused, place, text, words):
    path = place / "daemon.json"
    path.write_text(text)
    assert words in refused("vfs", ["--config-file", path]).both


def test_flag_and_file_disagree(refused):
    """One setting in two places is refused, as Docker does."""
    assert "storage-driver" in refused("vfs", config={"storage-driver": "overlay2"}).both


def test_data_root_that_is_a_file(refused, disk):
    path = disk / "file"
    path.write_text("not a folder")
    assert str(path) in refused("vfs", data_root=path).both
    assert path.read_text() == "not a folder"


def test_damaged_repositories_file(fresh):
    """Nothing is guessed and nothing is lost: the file is kept aside, what it costs is said, images stay."""
    images = fresh.docker("images", "-aq", "--no-trunc").lines
    fresh.stop()
    path = fresh.data_root / "image" / fresh.driver / "repositories.json"
    path.write_text('{"Repositories":')
    fresh.start()
    assert fresh.docker("images", "-aq", "--no-trunc").lines == images
    assert "repositories.json" in fresh.docker("info").both
    assert '{"Repositories":' in [kept.read_text() for kept in fresh.data_root.rglob("repositories.json*")]


class TestChoice:
    """Which driver, when nobody says: Docker's rules."""

    @staticmethod
    def chosen(make_daemon, root, **options):
        daemon = make_daemon("", start=False, kind="varved", data_root=root, **options)
        given = daemon.argv
        daemon.argv = lambda: [argument for argument in given() if argument not in ("-s", "")]
        daemon.start()
        name = daemon.docker("info", "-f", "{{.Driver}}").out.strip()
        daemon.driver = name
        daemon.stop()
        return name

    def test_first_that_the_host_supports(self, make_daemon, disk):
        assert self.chosen(make_daemon, disk / "choice-1") == "overlay2"

    def test_configuration_file(self, make_daemon, disk):
        assert self.chosen(make_daemon, disk / "choice-2", config={"storage-driver": "vfs"}) == "vfs"

    def test_two_with_data(self, make_daemon, refused, disk, busybox_tar):
        """vfs counts for nothing by itself: the data of overlay2 decides."""
        root = disk / "choice-3"
        for driver in ("vfs", "overlay2"):
            daemon = make_daemon(driver, data_root=root)
            daemon.docker("load", "-i", busybox_tar)
            daemon.stop()
        assert self.chosen(make_daemon, root) == "overlay2"

    def test_environment(self, make_daemon, disk, monkeypatch):
        monkeypatch.setenv("VARVE_DRIVER", "vfs")
        assert self.chosen(make_daemon, disk / "choice-4") == "vfs"
        assert "VARVE_DRIVER" in os.environ


def test_driver_commands(disk):
    """`driver ls` and `driver probe` for people and for programs."""
    names = [row["name"] for row in json.loads(engines.run([engines.BIN / "varve", "driver", "ls", "--format", "json"]).out)]
    assert {"overlay2", "vfs"} <= set(names)
    probe = json.loads(engines.run([engines.BIN / "varve", "driver", "probe", "--data-root", disk, "--format", "json"]).out)
    assert all(row["supported"] and row["name"] in names for row in probe["drivers"])
    table = engines.run([engines.BIN / "varve", "driver", "probe", "--data-root", disk])
    assert table.code == 0 and "overlay2" in table.out and "vfs" in table.out
    result = engines.run([engines.BIN / "varve", "driver", "check", "--driver", "nosuch"])
    assert result.code != 0 and "nosuch" in result.both
