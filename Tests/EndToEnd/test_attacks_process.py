"""Attacks on what enters a container: its program, its descriptors, its memory. Each is tried, where it can work first."""
import contextlib
import hashlib
import pathlib
import shutil
import subprocess
import time

import pytest

import attacker
import leaks
from attacker import attack, attacker_tar, driver, shared  # noqa: F401 fixtures
from clients import eventually
from engine import BIN, PATIENCE

# What a process of a container's own has open.
HARMLESS = ("program /bin/", "descriptor /dev/null", "descriptor pipe:", "descriptor /dev/pts", "descriptor /etc/passwd", "descriptor /etc/group")
# Docker's profile, too, keeps who is in it from what it may otherwise do.
UNCONFINED = ("--security-opt", "apparmor=unconfined")
# The sealed memory file, which can be read by who may trace others, and the program's way to say that it is ready.
OF_THE_RUNTIME = ("program /memfd:varve-runtime", "descriptor socket:", "descriptor own /proc")


def sum_of(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def runtimes(engine):
    """The programs of all its processes that enter containers, as memory has them, and the file that they were made from."""
    found = {sum_of(BIN / "varve-runtime")}
    for pid in leaks.processes(f"/{engine.name}/"):
        folder = pathlib.Path("/proc", str(pid))
        with contextlib.suppress(OSError):      # it has ended
            if (folder / "comm").read_text() == "varve-runtime\n":
                found.add(sum_of(folder / "exe"))
    return found


class Watcher:
    """A container in which `attack watch` grabs what comes by."""

    def __init__(self, engine, *flags, name="watcher"):
        self.engine, self.name = engine, name
        self.pid = attacker.start(engine, name, "attack", "watch", 600, flags=flags)
        eventually(lambda: "watching /proc" in self.said(), what="a watcher")

    def said(self):
        return self.engine.docker("logs", self.name).lines

    def booty(self, *allowed):
        """What is not a container's own."""
        own = ("saw", "rights", "refused", "watching", "traced", "memory")
        return [line for line in self.said() if line.split()[0] not in own and not line.startswith(HARMLESS + allowed)]

    def execs(self, least=30):
        """Enters the container, until the watcher saw it happen."""
        deadline = time.monotonic() + 60 * PATIENCE
        for number in range(1000):
            self.engine.docker("exec", self.name, "true")
            if number >= least and "saw varve-runtime" in self.said():
                return
            assert time.monotonic() < deadline, "the watcher never saw an exec come in"


def test_control_a_program_of_the_host_is_overwritten(engine, tmp_path):
    """What the attack does to who enters a container without care, and no more rights than what runs there (CVE-2019-5736)."""
    watcher = Watcher(engine, *UNCONFINED)
    victim = shutil.copy("/bin/sleep", tmp_path / "victim")
    before = sum_of(victim)
    enter = ["nsenter", "-t", str(watcher.pid), "--pid", "setpriv", "--bounding-set", "-all", victim, "0.2"]
    eventually(lambda: subprocess.run(enter, check=False) and "overwrote" in " ".join(watcher.said()), what="the attack")
    assert sum_of(victim) != before and [line for line in watcher.booty() if line.startswith("foreign root")]


def test_entering_processes_give_nothing_away(engine):
    """No program, no memory, no descriptor, no folder of the host (CVE-2016-9962, CVE-2019-5736)."""
    watcher = Watcher(engine)
    before = runtimes(engine)
    watcher.execs()
    assert "refused varve-runtime" in watcher.said() and not watcher.booty(), watcher.said()
    assert not [line for line in watcher.said() if line in ("traced varve-runtime", "memory varve-runtime")]
    assert runtimes(engine) == before


@pytest.mark.parametrize("flag", [["--cap-add", "SYS_PTRACE"], ["--privileged"]], ids=["ptrace", "privileged"])
def test_who_may_trace_overwrites_nothing(engine, flag):
    """It may look into what enters: a sealed program, with nothing of the host's open, and no more rights than its own."""
    watcher = Watcher(engine, *flag)
    before = runtimes(engine)
    watcher.execs()
    assert runtimes(engine) == before
    assert "overwrote" not in " ".join(watcher.said()) and not watcher.booty(*OF_THE_RUNTIME), watcher.said()
    own = engine.docker("exec", watcher.name, "sh", "-c", "grep -E '^(CapEff|Seccomp):' /proc/1/status | cut -f2").out.split()
    assert [line.split()[2:] for line in watcher.said() if line.startswith("rights varve-runtime")] == [own]


class TestOwnProgram:
    """A container that runs `/proc/self/exe` runs what is about to enter it, and finds it read-only."""

    @pytest.mark.parametrize("flags", [[], ["--privileged"]], ids=["default", "privileged"])
    def test_as_its_program(self, engine, flags):
        before = runtimes(engine)
        said = attacker.in_container(engine, "/proc/self/exe", "sh", "-c", "true", flags=flags)
        assert said.code != 0, said
        script = "printf '#!/proc/self/exe\\n' > /bad; chmod +x /bad; exec sleep 600"
        attacker.start(engine, "box", "sh", "-c", script, flags=flags)
        engine.docker("exec", "box", "sh", "-c", "until test -x /bad; do :; done")
        for _ in range(5):
            assert engine.docker("exec", "box", "/bad", check=False).code != 0
        assert runtimes(engine) == before

    def test_it_brings_its_own_libraries(self, engine):
        """The program asks nothing of the container's loader, libraries or account services (CVE-2019-14271)."""
        script = "mkdir -p /lib /lib64 /etc/ld.so.conf.d; for l in /lib/libnss_files.so.2 /lib64/ld-linux-x86-64.so.2 /lib/libc.so.6; do printf harm > $l; done;" \
            "printf /lib/libc.so.6 > /etc/ld.so.preload; exec sleep 600"
        attacker.start(engine, "box", "sh", "-c", script, flags=["-e", "LD_PRELOAD=/lib/libc.so.6", "-e", "LD_LIBRARY_PATH=/lib"])
        engine.docker("exec", "box", "sh", "-c", "until test -s /etc/ld.so.preload; do :; done")
        assert engine.docker("exec", "--user", "user", "box", "id", "-un").out == "user\n"
        assert engine.docker("cp", "box:/etc/passwd", "-").code == 0
        assert "sleep" in engine.docker("top", "box").out


class TestDescriptors:
    """A working folder that is a descriptor of whoever makes the container (CVE-2024-21626)."""

    def test_control_a_leaked_one_leads_out(self, attack, tmp_path):
        """In a chroot that somebody entered with a folder of the host open."""
        tree = tmp_path / "tree"
        (tree / "proc").mkdir(parents=True)
        (tmp_path / "secret").write_text("of the host")
        shutil.copy("/bin/busybox", tree / "busybox")
        script = "mount -t proc proc $0/proc; exec 7<$1; chroot $0 /busybox sh -c 'cd /proc/self/fd/7; /busybox cat secret'"
        said = subprocess.run(["unshare", "-m", "sh", "-c", script, tree, tmp_path], capture_output=True, text=True, check=True)
        assert said.stdout == "of the host"

    @pytest.mark.parametrize("fds", ["/proc/self/fd", "/proc/1/fd", "/dev/fd", "/proc/thread-self/fd"])
    def test_of_a_container(self, engine, fds):
        for number in range(3, 24, 3 if fds != "/proc/self/fd" else 1):
            said = attacker.in_container(engine, "sh", "-c", "ls; pwd", flags=["--workdir", f"{fds}/{number}"])
            assert said.code != 0 and "bin" not in said.out, said

    def test_of_an_exec(self, engine):
        attacker.start(engine, "box", "sleep", 600)
        for number in range(3, 30):
            said = engine.docker("exec", "--workdir", f"/proc/self/fd/{number}", "box", "ls", check=False)
            assert said.code in (127, 128) and "OCI runtime exec failed" in said.out, said

    def test_through_a_link_of_the_image(self, engine):
        """The link is set while execs come in."""
        attacker.start(engine, "box", "sh", "-c", "while :; do for n in 3 4 5 6 7 8 9 10 11 12; do ln -sfn /proc/self/fd/$n /cwd; done; done")
        for _ in range(40):
            said = engine.docker("exec", "--workdir", "/cwd", "box", "ls", check=False)
            assert said.code in (127, 128) and "OCI runtime exec failed" in said.out, said


def test_abstract_sockets_of_the_host(engine, attack):
    """None is heard through a network of one's own, nor does a monitor have one (CVE-2020-15257)."""
    own = subprocess.Popen([attack, "listen", "of-the-host"], stdout=subprocess.PIPE, text=True)
    try:
        assert own.stdout.readline() == "listening\n"
        assert attacker.in_container(engine, "attack", "connect", "of-the-host", flags=["--network", "host"]).out == "connected\n"
        for network in ("none", "bridge"):
            assert attacker.in_container(engine, "attack", "connect", "of-the-host", flags=["--network", network]).out == "ECONNREFUSED\n"
        attacker.start(engine, "box", "sleep", 600)
        names = [line.split()[-1] for line in pathlib.Path("/proc/net/unix").read_text().splitlines()]
        assert not [name for name in names if name.startswith("@") and ("varve" in name or engine.name in name)]
    finally:
        own.kill()
        own.wait()
