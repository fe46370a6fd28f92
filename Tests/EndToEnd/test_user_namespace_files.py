"""`userns-remap`: files keep the owners that images and archives gave them, in the container and outside."""
import contextlib
import os
import pathlib
import subprocess

import pytest

from remapped import GID, UID, given_ids, inside, owners, remapping_daemon, says, start_box, tar_of


@pytest.fixture(scope="module")
def ids():
    with given_ids():
        yield


@pytest.fixture(scope="module")
def shared(make_module_daemon, driver, busybox_tar, ids):
    return remapping_daemon(make_module_daemon, driver, busybox_tar)


@pytest.fixture
def box(engine):
    return start_box(engine)


def test_image_files_keep_their_owners(engine):
    out = says(engine, "stat -c %u:%g / /etc /etc/passwd /bin/busybox /dev/null /dev /dev/shm /etc/hosts; chown 1000:1001 /etc/motd; stat -c %u:%g /etc/motd")
    assert out.split() == ["0:0"] * 8 + ["1000:1001"]


def test_changes_have_the_containers_ids(engine):
    engine.docker("run", "--name", "box", "busybox", "sh", "-c", "echo x >/new; chown 7:8 /new; chown 1000:1001 /etc/motd; rm /notexecutable; rm -r /home; mkdir /home")
    assert {"A /new", "C /etc/motd", "D /notexecutable"} <= set(engine.docker("diff", "box").lines)
    exported = owners(engine.docker("export", "box"))
    assert exported["new"] == (7, 8) and exported["etc/motd"] == (1000, 1001) and exported["home/"[:-1]] == (0, 0) and "notexecutable" not in exported
    engine.docker("commit", "box", "made:1")
    script = "stat -c %u:%g /new /etc/motd /home; ls /home /notexecutable 2>&1"
    said = engine.docker("run", "--rm", "made:1", "sh", "-c", script, check=False).out.split("\n")
    assert said[:3] == ["7:8", "1000:1001", "0:0"]
    host = engine.docker("run", "--rm", "--userns", "host", "made:1", "stat", "-c", "%u:%g", "/new", "/etc/motd").out.split()
    assert host == ["7:8", "1000:1001"]


def test_missing_bind_source_is_the_containers(engine, tmp_path):
    tmp_path.chmod(0o755)
    assert says(engine, "touch /h/x && stat -c %u:%g /h /h/x", "-v", f"{tmp_path}/made:/h").split() == ["0:0", "0:0"]
    assert (tmp_path / "made/x").stat().st_uid == UID


def test_mount_options(engine, tmp_path):
    (tmp_path / "f").write_text("file")
    engine.docker("run", "--rm", "-v", "parts:/v", "busybox", "sh", "-c", "mkdir /v/part; echo in >/v/part/f; chown 3:4 /v/part/f")
    flags = ["-v", "parts:/ro:ro", "-v", f"{tmp_path}/f:/file:ro", "--mount", "type=volume,source=parts,target=/part,volume-subpath=part", "--read-only"]
    script = "for f in /ro/x /file /y; do echo x >$f; done; cat /file; stat -c %u:%g /part/f; ls /part; echo more >/part/more"
    result = inside(engine, script, *flags, check=False)
    assert result.err.count("Read-only file system") == 3 and result.out == "file3:4\nf\n", str(result)
    assert says(engine, "stat -c %u:%g /v/part/more", "-v", "parts:/v") == "0:0"
    engine.docker("volume", "rm", "parts")


def test_what_the_host_mounts_later_shows(engine, tmp_path):
    with contextlib.ExitStack() as mounts:

        def mount(place, *flags):
            place.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", *flags, "t", place], check=True)
            mounts.callback(subprocess.run, ["umount", place], check=True)

        tmp_path.chmod(0o755)
        mount(tmp_path / "h", "--make-shared")
        engine.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "-v", f"{tmp_path}/h:/h:rslave", "busybox", "sleep", "600")
        mount(tmp_path / "h/m")
        (tmp_path / "h/m/here").touch()
        assert engine.docker("exec", "box", "ls", "/h/m").out.strip() == "here"
        engine.docker("rm", "-f", "box")


def test_volumes_keep_the_containers_ids(engine):
    """On the disk, too: a container with the host's ids shares them."""
    engine.docker("volume", "create", "vol")
    assert says(engine, "touch /v/a; chown 9:10 /v/a; stat -c %u:%g /v /v/a", "-v", "vol:/v").split() == ["0:0", "9:10"]
    data = pathlib.Path(engine.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "vol").out.strip())
    assert ((data / "a").stat().st_uid, (data / "a").stat().st_gid) == (9, 10)
    assert says(engine, "stat -c %u:%g /v/a", "-v", "vol:/v", "--userns", "host") == "9:10"
    assert says(engine, "stat -c %u:%g /home/user; touch /home/user/x", "-v", "fill:/home") == "0:0"
    engine.docker("volume", "rm", "vol", "fill")


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_copy(box, state, tmp_path):
    """In and out, the ids are the container's."""
    if state == "stopped":
        box.docker("stop", "box")
    box.docker("cp", "-", "box:/d", stdin=tar_of("in", 21, 22))
    assert owners(box.docker("cp", "box:/d/in", "-"))["in"] == (21, 22)
    assert owners(box.docker("cp", "box:/mine", "-"))["mine"] == (5, 6)
    result = box.docker("cp", "-", "box:/d", stdin=tar_of("far", 70000, 0), check=False)
    assert state == "stopped" or (result.code != 0 and "an owner that the container can't have" in result.both)
    if state == "stopped":
        box.docker("start", "box")
    assert box.docker("exec", "box", "stat", "-c", "%u:%g:%a", "/d/in").out.strip() == "21:22:4755"
    exported = owners(box.docker("export", "box"))
    assert exported["d/in"] == (21, 22)


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_copy_through_mounts(engine, tmp_path, state):
    (tmp_path / "h").mkdir()
    os.chown(tmp_path / "h", UID, GID)
    engine.docker("run", "-d", "--name", "box", "-v", "cv:/v", "-v", f"{tmp_path}/h:/h", "--stop-timeout", "0", "busybox", "sleep", "600")
    if state == "stopped":
        engine.docker("stop", "box")
    for place in ("/v", "/h"):
        engine.docker("cp", "-", f"box:{place}", stdin=tar_of("in", 21, 22))
        assert owners(engine.docker("cp", f"box:{place}/in", "-"))["in"] == (21, 22)
    assert (tmp_path / "h/in").stat().st_uid == UID + 21
    engine.docker("start", "box")
    assert engine.docker("exec", "box", "stat", "-c", "%u:%g", "/v/in", "/h/in").out.split() == ["21:22", "21:22"]
    engine.docker("rm", "-f", "-v", "box")
    engine.docker("volume", "rm", "cv")


CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")  # cap_net_raw+ep, as setcap writes it on a host


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_file_capabilities(box, state):
    """A program with capabilities that comes with an archive has them in the container."""
    if state == "stopped":
        box.docker("stop", "box")
    busybox = pathlib.Path("/bin/busybox").read_bytes()
    box.docker("cp", "-", "box:/d", stdin=tar_of("busybox", 0, 0, busybox, CAPABILITY))
    if state == "stopped":
        box.docker("start", "box")
    box.docker("exec", "box", "chmod", "755", "/d/busybox")
    said = box.docker("exec", "-u", "1000:1001", "box", "/d/busybox", "grep", "CapEff", "/proc/self/status").out.split()
    assert said[1] == "0000000000002000", said


def test_image_mount(engine):
    """An image's files, where their mount can be mapped; else a word on what to do."""
    result = inside(engine, "stat -c %u:%g /i/etc/motd", "--mount", "type=image,source=busybox,target=/i", check=False)
    if engine.driver in ("overlay2", "aufs", "erofs"):
        assert result.code == 125 and "idmapped mounts" in result.err and "--userns=host" in result.err, str(result)
    else:
        assert result.out.strip() == "0:0", str(result)
