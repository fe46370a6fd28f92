"""A daemon that cannot start says what, where, why and what to do, ends with 1, and leaves nothing."""
import json
import os
import subprocess

import pytest

import drivers
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


@pytest.mark.parametrize("driver", ["zfs", "fuse-overlayfs"])
def test_driver_that_this_build_lacks(refused, driver):
    said = refused(driver).both
    assert driver in said and "overlay2" in said


@pytest.mark.parametrize("driver, option", [("overlay2", "overlay2.nosuch=1"), ("vfs", "nosuch=1"), ("overlay2", "withoutvalue")])
def test_unknown_option(refused, driver, option):
    assert option.split("=")[0] in refused(driver, ["--storage-opt", option]).both


@pytest.fixture(scope="module")
def wrong(disk):
    """Folders on file systems that a driver can't use: its own name for each."""
    lower, upper, work, merged = folders = [disk / f"ovl-{name}" for name in ("lower", "upper", "work", "merged")]
    for folder in folders:
        folder.mkdir()
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", merged], check=True)
    yield {"ext4": disk, "overlay": merged}
    subprocess.run(["umount", merged], check=True)


# Driver, where it can't work, its options, and what it must name: the reason, and what to do.
WRONG = [
    ("overlay2", "overlay", [], ["not supported as upperdir", "ext4, xfs or btrfs"]),
    ("btrfs", "ext4", [], ["not on btrfs", "mkfs.btrfs"]),
    ("aufs", "overlay", ["aufs.union=overlayfs"], ["overlayfs does not work here", "ext4, xfs or btrfs"]),
    ("aufs", "ext4", ["aufs.union=fuse-overlayfs", "aufs.mount_program=/nowhere/fuse-overlayfs"], ["aufs.mount_program", "give the path"]),
    ("devicemapper", "ext4", ["dm.fs=zfs"], ["dm.fs", "zfs"]),
    ("devicemapper", "ext4", ["dm.thinpooldev=/dev/mapper/nowhere"], ["device"]),
]


@pytest.mark.parametrize("driver, where, options, words", WRONG)
def test_driver_that_this_host_cannot_carry(refused, wrong, driver, where, options, words):
    """The reason and a way out are named, and no file is left behind."""
    root = wrong[where] / "wrong-root"
    before = files_below(root)
    said = refused(driver, [word for option in options for word in ("--storage-opt", option)], data_root=root).both
    assert driver in said and not [word for word in words if word.lower() not in said.lower()], said
    assert files_below(root) == before


def test_devicemapper_without_device_mapper(refused, wrong):
    """It names the module that is to be loaded."""
    if "devicemapper" in drivers.runnable():
        pytest.skip("this kernel has device-mapper")
    said = refused("devicemapper", data_root=wrong["ext4"] / "wrong-root").both
    assert "no device mapper" in said and "modprobe dm_mod" in said
    assert not files_below(wrong["ext4"] / "wrong-root")


def files_below(folder):
    """All that is no folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


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


@pytest.mark.parametrize("option, words", [
    ("native.cgroupdriver=systemd", "never asks systemd"), ("native.cgroupdriver=none", "internally used"),
    ("native.cgroupdriver=x", "x not supported"), ("isolation=process", "unknown exec-opt"), ("nonsense", "unknown exec-opt"),
])
def test_control_groups_of_others(refused, option, words):
    assert words in refused("vfs", ["--exec-opt", option]).both
    assert words in refused("vfs", config={"exec-opts": [option]}).both


def test_control_groups_as_they_are_anyway(make_daemon):
    daemon = make_daemon("vfs", config={"exec-opts": ["native.cgroupdriver=cgroupfs"]})
    assert daemon.docker("info", "-f", "{{.CgroupDriver}}").out == "cgroupfs\n"


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


def test_driver_commands(disk, tmp_path):
    """`driver ls` and `driver probe` for people and for programs."""
    names = [row["name"] for row in json.loads(engines.run([engines.BIN / "varve", "driver", "ls", "--format", "json"]).out)]
    assert names == ["overlay2", "btrfs", "aufs", "vfs", "devicemapper", "erofs"]
    probe = json.loads(engines.run([engines.BIN / "varve", "driver", "probe", "--data-root", disk, "--format", "json"]).out)
    assert [row["name"] for row in probe["drivers"]] == names and probe["chosen"] == "overlay2"
    for row in probe["drivers"]:
        assert row["supported"] == (row["name"] in drivers.runnable() and row["name"] != "btrfs") and row["fact"], row
        assert row["supported"] or row["remedy"], row
    (tmp_path / "daemon.json").write_text(json.dumps({"storage-driver": "vfs", "data-root": str(disk)}))
    configured = [engines.BIN / "varve", "driver", "probe", "--format", "json", "--config-file", tmp_path / "daemon.json"]
    assert json.loads(engines.run(configured).out)["chosen"] == "vfs"
    assert json.loads(engines.run([*configured, "-s", "overlay2"]).out)["chosen"] == "overlay2", "a flag counts for more"
    table = engines.run([engines.BIN / "varve", "driver", "probe", "--data-root", disk])
    assert table.code == 0 and "overlay2" in table.out and "vfs" in table.out
    result = engines.run([engines.BIN / "varve", "driver", "check", "--driver", "nosuch"])
    assert result.code != 0 and "nosuch" in result.both
