"""Attacks by names: links, folders and volumes that are not what they were a moment ago. The host has a folder for each."""
import contextlib
import os
import time

import pytest

import attacker
import clients
import rootfs
from attacker import attack, attacker_tar, driver, shared  # noqa: F401 fixtures
from engine import PATIENCE
from test_hostile import UP, looks, sentinel  # noqa: F401 fixture

SECONDS = 1


@contextlib.contextmanager
def swapping(engine, volume, setup, one, other):
    """Another container, which exchanges two names in a volume all the time."""
    engine.docker("volume", "create", volume)
    attacker.start(engine, "swapper", "sh", "-c", f"cd /v; {setup}; touch /ready; exec attack swap {one} {other} 600", flags=["-v", f"{volume}:/v"])
    engine.docker("exec", "swapper", "sh", "-c", "until test -e /ready; do :; done")
    yield
    engine.remove_containers()
    engine.docker("volume", "rm", "-f", volume)


def races(least=5):
    """As often as it goes in a short while."""
    end, number = time.monotonic() + SECONDS * PATIENCE, 0
    while time.monotonic() < end or number < least:
        number += 1
        yield number


def build(engine, tag, members, **config):
    """An image of these members over busybox's."""
    layers = [rootfs.busybox_layer(), rootfs.tar(members)]
    archive = rootfs.docker_archive(layers, tag, rootfs.image_config(layers, **config))
    return engine.docker("load", stdin=archive, check=False)


@pytest.fixture
def image(engine):
    """Loads images of one's own, and removes them."""
    yield lambda members=(), **config: build(engine, "hostile:v1", list(members), **config)
    engine.remove_containers()
    engine.docker("rmi", "-f", "hostile:v1", check=False)


class TestMountPoints:
    """A volume with a link that another container swaps with a folder (CVE-2021-30465, CVE-2024-45310)."""

    def test_control_the_link_leads_out_of_a_tree(self, attack, tmp_path, sentinel):
        """A mount point below a link, made by its name as any program would: the host has a new folder."""
        tree = tmp_path / "tree"
        tree.mkdir()
        (tree / "sub").symlink_to(UP + str(sentinel).lstrip("/"))
        os.makedirs(tree / "sub" / "made")
        assert (sentinel / "made").is_dir()
        (sentinel / "made").rmdir()

    @pytest.mark.parametrize("mounted", ["tmpfs", "bind", "file"])
    def test_swapped_while_containers_start(self, engine, sentinel, tmp_path, mounted):
        before, (of_host, file) = looks(sentinel), (tmp_path / "of-host", tmp_path / "file")
        of_host.mkdir()
        file.write_text("x")
        flags = {"tmpfs": ["--tmpfs", "/data/sub/made"], "bind": ["-v", f"{of_host}:/data/sub/made"], "file": ["-v", f"{file}:/data/sub/made"]}[mounted]
        link = UP + str(sentinel).lstrip("/")
        with swapping(engine, "swapped", f"mkdir sub; ln -s {link} link", "sub", "link"):
            ran = 0
            for _ in races():
                said = attacker.in_container(engine, "ls", "/", flags=["-v", "swapped:/data", *flags])
                assert said.code == 125 or {"data", "tmp"} <= set(said.lines), said
                ran += said.code == 0
            assert ran
        assert looks(sentinel) == before

    def test_root_swapped(self, engine, sentinel):
        """The volume that is mounted comes to lie over the container's root, and the next one is made through it."""
        before = looks(sentinel)
        with swapping(engine, "swapped", f"mkdir sub; ln -s {UP}proc/self/root{sentinel} link; ln -s / up", "sub", "link"):
            for _ in races():
                flags = ["-v", "swapped:/data", "-v", "swapped:/data/sub", "--tmpfs", "/data/sub/made", "--tmpfs", "/data/up/sub2/made"]
                said = attacker.in_container(engine, "ls", "/", flags=flags)
                assert said.code in (0, 125), said
        assert looks(sentinel) == before


class TestMasks:
    """Masks, read-only paths and the console while their folders are another container's (CVE-2025-31133, -52565, -52881)."""

    SCRIPT = "cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | head -c 9 | wc -c;" \
        "for f in sys/kernel/core_pattern sysrq-trigger sys/kernel/domainname; do echo x 2>/dev/null >/proc/$f && echo wrote $f; done; echo end"

    @pytest.fixture(autouse=True)
    def host_stays(self):
        """What the host does with a core, and its name."""
        paths = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/domainname", "/proc/sys/kernel/hostname"]
        before = [open(path, encoding="utf-8").read() for path in paths]
        yield
        after = [open(path, encoding="utf-8").read() for path in paths]
        for path, text in zip(paths, before):
            if open(path, encoding="utf-8").read() != text:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
        assert before == after

    def test_control_unconfined_reads_and_writes(self, engine):
        said = attacker.in_container(engine, "sh", "-c", self.SCRIPT.replace("core_pattern sysrq-trigger", "").replace("domainname", "ns_last_pid"),
                                     flags=["--security-opt", "systempaths=unconfined"])
        assert int(said.lines[0]) > 0, said

    @pytest.mark.parametrize("name", ["null", "console", "pts", "shm"])
    @pytest.mark.parametrize("terminal", [[], ["-t"]], ids=["plain", "terminal"])
    def test_devices_are_swapped(self, engine, name, terminal):
        """`/dev` is a volume that another container has, too: what it puts there is masked nothing with."""
        setup = f"mkdir {name} 2>/dev/null; ln -s /proc/sys/kernel/core_pattern link"
        with swapping(engine, "swapped", setup, name, "link"):
            for _ in races():
                said = attacker.in_container(engine, "sh", "-c", self.SCRIPT, flags=["-v", "swapped:/dev", *terminal])
                if said.code == 0:
                    assert said.out.split()[-2:] == ["0", "end"], said

    @pytest.mark.parametrize("name", ["kernel", "net"])
    def test_settings_are_redirected(self, engine, name):
        """A link into /proc/sys lies where a volume's folder was: settings still go to the kernel's own files."""
        with swapping(engine, "swapped", f"mkdir sub; ln -s /proc/sys/{name} link", "sub", "link"):
            for _ in races():
                flags = ["-v", "swapped:/data", "-v", "swapped:/data/sub", "--sysctl", "net.ipv4.ip_forward=1", "--network", "none"]
                said = attacker.in_container(engine, "cat", "/proc/sys/net/ipv4/ip_forward", flags=flags)
                assert said.out == "1\n" or said.code == 125, said


class TestImages:
    """What an image may say of itself, and where its links point."""

    @pytest.mark.parametrize("where", ["/etc", "/tmp/proc", "{host}", "/sys", "self"])
    def test_proc_is_a_link(self, image, engine, sentinel, where):
        """The layer below the container's own has a folder there (CVE-2019-16884, CVE-2019-19921, CVE-2023-27561, CVE-2023-28642)."""
        before = looks(sentinel)
        image([rootfs.folder("tmp/proc/sys"), rootfs.symlink("proc", where.replace("{host}", UP + str(sentinel)[1:]))])
        said = engine.docker("run", "--rm", "hostile:v1", "sh", "-c", "echo x > /proc/sys/kernel/domainname", check=False)
        assert said.code == 1 and "Read-only file system" in said.err and looks(sentinel) == before, said

    def test_proc_becomes_a_link(self, engine, sentinel):
        """In a container that is not running."""
        before = looks(sentinel)
        engine.docker("create", "--name", "box", "busybox", "sh", "-c", "echo x > /proc/sys/kernel/domainname")
        bad = rootfs.tar([rootfs.folder("tmp/proc/sys"), rootfs.symlink("proc", UP + str(sentinel)[1:])])
        engine.docker("cp", "-", "box:/", stdin=bad, check=False)
        said = engine.docker("start", "-a", "box", check=False)
        assert said.code == 1 and ("Read-only file system" in said.err or "must be a folder, not a link" in said.err), said
        assert looks(sentinel) == before

    @pytest.mark.parametrize("name", ["dev", "sys", "etc", "dev/pts", "dev/shm", "etc/hosts", "etc/resolv.conf", "etc/mtab", "dev/console", "dev/ptmx"])
    def test_links_to_the_host(self, image, engine, sentinel, name):
        """Nothing is made, deleted or written there (CVE-2026-41579)."""
        before = looks(sentinel)
        image([rootfs.symlink(name, UP + str(sentinel / "secret" if name.count("/") and name != "dev/pts" else sentinel)[1:])])
        for terminal in ([], ["-t"]):
            engine.docker("run", "--rm", *terminal, "hostile:v1", "true", check=False)
        assert looks(sentinel) == before and (sentinel / "secret").read_text() == "keep"

    def test_working_folder_through_a_link(self, image, engine, sentinel):
        """It is made in the container's tree (CVE-2026-55686)."""
        before = looks(sentinel)
        image([rootfs.symlink("door", UP + str(sentinel)[1:]), rootfs.folder(str(sentinel)[1:])], WorkingDir="/door/made")
        assert engine.docker("run", "--rm", "hostile:v1", "pwd", check=False).out in ("/door/made\n", f"{sentinel}/made\n")
        assert looks(sentinel) == before

    @pytest.mark.parametrize("volume", ["/", "//", "/..", "/../../etc", "/proc", "/proc/self/fd", "relative", "", "/x/../../proc", "/dev", "/sys", "/.", "a\0b", "/" + "n" * 300])
    def test_volumes(self, image, engine, volume, sentinel):
        """Never of the host's files (CVE-2022-23648): a volume of the image's own, or refused."""
        if image([], Volumes={volume: {}}).code:
            return
        said = engine.docker("run", "--rm", "hostile:v1", "sh", "-c", "cat /etc/passwd; ls /", check=False)
        assert said.code != 0 and len(said.err.strip()) > 20 or said.lines[0].startswith("root:x:0:0:root:/root:/bin/sh") and "lost+found" not in said.lines, said
        assert "varve" not in said.out

    def test_volume_filled_through_a_link(self, image, engine, sentinel):
        """What is copied into a new volume is the image's."""
        image([rootfs.symlink("data", UP + str(sentinel)[1:]), rootfs.symlink("more", "/proc/1/root" + str(sentinel))], Volumes={"/data": {}, "/more/x": {}})
        assert "keep" not in engine.docker("run", "--rm", "hostile:v1", "sh", "-c", "cat /data/* /more/x/*", check=False).out
        engine.docker("create", "--name", "box", "-v", "fresh:/data", "hostile:v1", "true", check=False)
        said = engine.docker("run", "--rm", "-v", "fresh:/v", "busybox", "ls", "/v")
        engine.remove_containers()
        engine.docker("volume", "rm", "-f", "fresh")
        assert "secret" not in said.out

    @pytest.mark.parametrize("kind", ["fifo", "device", "big", "loop", "host", "folder", "lines"])
    def test_accounts(self, image, engine, kind, sentinel):
        """`/etc/passwd` is no file, or without an end: no hang, no memory, nothing of the host (CVE-2024-9341)."""
        import tarfile
        big = b"x:" * (8 << 20)
        entry = {
            "fifo": rootfs.member("etc/passwd", tarfile.FIFOTYPE), "device": rootfs.member("etc/passwd", tarfile.CHRTYPE, devmajor=1, devminor=5),
            "big": rootfs.member("etc/passwd", data=big), "loop": rootfs.symlink("etc/passwd", "passwd"), "folder": rootfs.folder("etc/passwd"),
            "host": rootfs.symlink("etc/passwd", UP + "etc/passwd"), "lines": rootfs.member("etc/passwd", data=b"bin:x:0:0::/:/bin/sh\nroot" * 200_000),
        }[kind]
        image([entry], User="daemon")
        said = engine.docker("run", "--rm", "hostile:v1", "id", "-u", check=False, timeout=20)
        assert said.code in (125, 126) and len(said.err.strip()) > 20, said

    @pytest.mark.parametrize("user", ["4294967296", "4294967295", "2147483648", "-1", "0x0", "99999999999999999999", "1000:4294967296", "1000:-1", ":", "1e3", " 0", "root\0"])
    def test_users(self, engine, image, user):
        """A number too big to be one is refused: none wraps round to root (CVE-2024-40635)."""
        image([], User=user)
        said = engine.docker("run", "--rm", "hostile:v1", "id", "-u", check=False)
        assert said.code in (125, 126, 1) and "0\n" != said.out or user in (":",), said

    @pytest.mark.parametrize("config", [
        {"Env": ["PATH=/bin", "LD_PRELOAD=/x", "A=b\nroot::0:0", "", "=", "NOEQUALS", "X=" + "y" * 100_000]}, {"Entrypoint": ["/bin/sh", "-c", "exit 0", "\n"]},
        {"Labels": {"io.varve.seccomp": "0", "io.varve.user": "0:0", "io.varve.lxcfs": "true"}}, {"Hostname": "../../etc", "Domainname": "a\nb"},
        {"Cmd": ["true"] * 10_000}, {"ExposedPorts": {"../../x": {}, "99999999/tcp": {}}}, {"StopSignal": "../../etc/passwd"}, {"Healthcheck": {"Test": ["CMD", "/../../x"]}},
    ])
    def test_settings(self, image, engine, config):
        """Run as it says, or refused with a reason; the daemon stays, and labels are no settings."""
        image([], **config)
        said = engine.docker("run", "--rm", "hostile:v1", "grep", "Seccomp:", "/proc/self/status", check=False)
        assert said.err.strip() if said.code else "Entrypoint" in config or said.out.split() == ["Seccomp:", "2"], said


def test_copies_while_the_container_swaps(engine, sentinel, tmp_path):
    """Out of the container, too, comes nothing of the host's (CVE-2018-15664; into it: test_copy.py)."""
    before = looks(sentinel)
    engine.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "attacker", "sh", "-c",
                  f"mkdir -p /a; echo own > /a/secret; ln -s {UP}{str(sentinel)[1:]} /b; exec attack swap /a /b 600")
    found = 0
    for _ in races(20):
        said = engine.docker("cp", "box:/a/secret", "-", check=False)
        assert "keep" not in said.out, "a file of the host was read"
        found += "own" in said.out
    assert found and looks(sentinel) == before
