"""Archives made to do harm: the host stays as it was, and so does the data root."""
import bz2
import gzip
import io
import subprocess
import tarfile

import pytest

import clients
import dataroot
import rootfs
from rootfs import folder, hardlink, member, symlink

UP = "../" * 40
OUT = "harm-of-varve-e2e"      # what no file of the host may be called afterwards


def breakout(name):
    """Ways to write `name`, an absolute path of the host: case → members of a layer."""
    inside = name.lstrip("/")
    parent, base = name.rsplit("/", 1)
    return {
        "absolute path": [member(name, data=b"harm")],
        "dots": [member(UP + inside, data=b"harm")],
        "dots in the middle": [folder("a"), member("a/" + UP + inside, data=b"harm")],
        "through an absolute link": [symlink("door", parent), member(f"door/{base}", data=b"harm")],
        "through a relative link": [symlink("door", UP + parent.lstrip("/")), member(f"door/{base}", data=b"harm")],
        "through two links": [symlink("a", "b"), symlink("b", parent), member(f"a/{base}", data=b"harm")],
        "through the data root": [symlink("door", "/proc/self/root" + parent), member(f"door/{base}", data=b"harm")],
        "over a link": [symlink("door", name), member("door", data=b"harm")],
        "hard link out": [hardlink("door", name), member("door", data=b"harm")],
        "hard link by dots": [hardlink("door", UP + inside), member("door", data=b"harm")],
        "hard link through a link": [symlink("door", parent), hardlink("copy", f"door/{base}"), member("copy", data=b"harm")],
        "folder over a link": [symlink("door", parent), folder("door", mode=0o777), member(f"door/{base}", data=b"harm")],
        "modes through a link": [symlink("door", name), folder("door", mode=0o777, uid=1000)],
        "whiteout of dots": [folder("d"), member("d/.wh...", data=b""), member("d/.wh..", data=b"")],
        "whiteout of a path": [member(".wh." + UP + inside), member(".wh." + name)],
        "whiteout through a link": [symlink("door", parent), member(f"door/.wh.{base}")],
        "opaque through a link": [symlink("door", parent), member("door/.wh..wh..opq")],
        "opaque by dots": [member(UP + parent.lstrip("/") + "/.wh..wh..opq")],
        "link in a plnk folder": [folder(".wh..wh.plnk"), hardlink(".wh..wh.plnk/1", name), hardlink("x", ".wh..wh.plnk/1")],
        "device over a file": [member("f", data=b"x"), member("f", tarfile.CHRTYPE, devmajor=1, devminor=3), member("f", data=b"y")],
        "file, link, file": [member("f", data=b"x"), symlink("f", name), member("f", data=b"harm")],
        "folder, link, inside": [folder("d"), member("d/x"), symlink("d", parent), member(f"d/{base}", data=b"harm")],
        "the root as a link": [symlink(".", parent), member(base, data=b"harm")],
        "the root as a file": [member("./", data=b""), symlink("/", parent), member(base, data=b"harm")],
        "empty and odd names": [member("", data=b"x"), member("//", data=b"x"), member("a/./b//c", data=b"x"), member("..", data=b"x")],
        "name with NUL": [member(f"a\0{UP}{inside}", data=b"harm")],
        "overlay attributes": [attributes(folder("d"), "trusted.overlay.opaque", "y"),
                               attributes(folder("e"), "trusted.overlay.redirect", "/d"),
                               attributes(member("f"), "trusted.overlay.metacopy", "")],
        "attributes through a link": [symlink("door", name), attributes(member("door2"), "security.capability", "bad")],
        "duplicates": [member("f", data=b"1"), member("f", data=b"2"), folder("f"), member("f/g"), member("f", data=b"3")],
        "hard link to itself": [hardlink("loop", "loop")],
        "circle of links": [symlink("a", "b"), symlink("b", "a"), member("a/file", data=b"x")],
        "hard link to a folder": [folder("d"), hardlink("e", "d")],
    }


def attributes(entry, name, value):
    entry[0].pax_headers = {f"SCHILY.xattr.{name}": value}
    return entry


CASES = sorted(breakout("/x/y"))


@pytest.fixture
def sentinel(place):
    """A folder of the host that somebody wants to change."""
    path = place / "sentinel"
    path.mkdir()
    (path / "secret").write_text("keep")
    (path / "secret").chmod(0o600)
    yield path
    subprocess.run(["rm", "-r", path], check=True)


def looks(folder_of_host):
    """All that can be seen of it, but for access times."""
    stats = [folder_of_host.lstat(), *(entry.lstat() for entry in sorted(folder_of_host.iterdir()))]
    names = sorted(entry.name for entry in folder_of_host.iterdir())
    return names, [(s.st_mode, s.st_uid, s.st_nlink, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in stats]


def offer(engine, layer, verb, tmp_path):
    if verb == "import":
        return engine.docker("import", "-", "hostile:v1", stdin=layer, check=False)
    (tmp_path / "hostile.tar").write_bytes(rootfs.docker_archive([rootfs.busybox_layer(), layer], "hostile:v1"))
    return engine.docker("load", "-i", tmp_path / "hostile.tar", check=False)


@pytest.mark.parametrize("verb", ["load", "import"])
@pytest.mark.parametrize("case", CASES)
def test_breakout(engine, case, verb, sentinel, tmp_path):
    """Refused with a reason, or harmless: the host is as before, and what was taken in can be taken out again."""
    before = looks(sentinel)
    images = engine.image_ids()
    result = offer(engine, rootfs.tar(breakout(str(sentinel / "secret"))[case]), verb, tmp_path)
    assert looks(sentinel) == before and (sentinel / "secret").read_text() == "keep"
    if result.code == 0:
        engine.docker("run", "--rm", "hostile:v1", "/bin/true", check=False)
        engine.docker("export", engine.docker("create", "hostile:v1", "true").out.strip())
        engine.remove_containers()
        assert looks(sentinel) == before
        engine.docker("rmi", "-f", "hostile:v1")
    else:
        assert len(result.err.strip()) > 20, result
    assert engine.image_ids() == images
    clients.eventually(lambda: not dataroot.problems(engine), what="a consistent data root")


def header(name, size):
    """A header that promises `size` bytes."""
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def flood(compress, zeros=10 << 30, piece=64 << 20):
    """A layer with a file of 10 GB of zeros, in a few MB: the same compressed piece over and over."""
    block = compress(bytes(piece))
    return compress(header("zeros", zeros)) + block * (zeros // piece) + compress(bytes(1024))


FLAWED = {
    "lying size": lambda: header("file", 1 << 40) + b"x" * 2048,
    "negative size": lambda: header("file", 0)[:124] + b"\xff" * 12 + header("file", 0)[136:] + bytes(1024),
    "cut in a header": lambda: rootfs.tar([member("a", data=b"x"), member("b", data=b"x")])[:1200],
    "cut in the data": lambda: rootfs.tar([member("a", data=b"x" * 6000)])[:2048],
    "bad checksum": lambda: rootfs.tar([member("a", data=b"x")]).replace(b"a\0\0", b"b\0\0", 1),
    "cut gzip": lambda: gzip.compress(rootfs.tar([member("a", data=b"x" * 60000)]))[:-20],
    "gzip with a wrong sum": lambda: gzip.compress(rootfs.tar([member("a", data=b"x")]))[:-8] + bytes(8),
    "endless PAX header": lambda: rootfs.tar([attributes(member("a"), "user.x", "v" * (64 << 20))]),
    "deep path": lambda: rootfs.tar([member("/".join(["d"] * 3000) + "/f", data=b"x")]),
    "long name": lambda: rootfs.tar([member("n" * 5000, data=b"x")]),
    "10 GB of zeros by gzip": lambda: flood(lambda data: gzip.compress(data, 9)),
    "10 GB of zeros by bzip2": lambda: flood(bz2.compress),
}


@pytest.mark.parametrize("flaw", FLAWED)
def test_flawed_archive_is_refused(engine, flaw, disks):
    """Refused with a reason, soon, and without filling the disk."""
    disk = disks.of(engine.driver)
    images, used = engine.image_ids(), usage(disk)
    result = engine.docker("import", "-", "hostile:v1", stdin=FLAWED[flaw](), check=False, timeout=60)
    assert result.code == 1 and len(result.err.strip()) > 20, result
    assert engine.image_ids() == images and not dataroot.problems(engine)
    assert usage(disk) < used + (64 << 20)


def usage(disk):
    return int(subprocess.run(["df", "-B1", "--output=used", disk], capture_output=True, text=True, check=True).stdout.split()[1])


class TestLimits:
    """Limits are configurable, and each has a message of its own."""

    LIMITS = {
        "archive-max-entries": (20, [member(f"f{n}") for n in range(30)], "entries"),
        "archive-max-depth": (5, [member("a/b/c/d/e/f/g", data=b"x")], "deep"),
        "archive-max-size": (100_000, [member("f", data=bytes(200_000))], "expand"),
        "archive-max-name": (20, [member("n" * 30, data=b"x")], "name"),
    }

    @pytest.fixture(scope="class")
    def limited(self, make_module_daemon, driver):
        return make_module_daemon(driver, config={key: limit for key, (limit, _, _) in self.LIMITS.items()})

    @pytest.mark.parametrize("key", LIMITS)
    def test_past_it(self, limited, key):
        limit, members, words = self.LIMITS[key]
        result = limited.docker("import", "-", "hostile:v1", stdin=rootfs.tar(members), check=False)
        assert result.code == 1 and words in result.err and str(limit) in result.err, result
        assert dataroot.is_empty(limited) and not dataroot.problems(limited)

    def test_within_them(self, limited):
        limited.docker("import", "-", "fine:v1", stdin=rootfs.tar([member("a/f", data=b"x")]))
        limited.docker("rmi", "fine:v1")


def test_compressed_bomb_inside_an_archive(engine, tmp_path):
    """The layer of a docker-archive is compressed: its limits hold as well."""
    bomb = flood(lambda data: gzip.compress(data, 9))
    buffer = io.BytesIO(rootfs.docker_archive([bomb], "hostile:v1"))
    (tmp_path / "bomb.tar").write_bytes(buffer.getvalue())
    images = engine.image_ids()
    result = engine.docker("load", "-i", tmp_path / "bomb.tar", check=False, timeout=60)
    assert result.code == 1 and engine.image_ids() == images and not dataroot.problems(engine), result
