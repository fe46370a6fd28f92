"""Attacks on the kernel's doors: its calls, its settings, its devices and whose they are."""
import os
import pathlib

import pytest

import attacker
import rootfs
from attacker import attack, attacker_tar, driver, shared  # noqa: F401 fixtures

OPEN = ["--privileged"]
BAD = ["-1"] * 6
# x86-64: what a container's root has no business with, by number; called with arguments that no kernel takes.
CALLS = {
    "acct": 163, "add_key": 248, "bpf": 321, "delete_module": 176, "finit_module": 313, "fsopen": 430, "init_module": 175, "io_uring_setup": 425, "kexec_load": 246,
    "keyctl": 250, "mount": 165, "move_mount": 429, "open_by_handle_at": 304, "open_tree": 428, "perf_event_open": 298, "pivot_root": 155, "quotactl": 179, "reboot": 169,
    "request_key": 249, "setns": 308, "settimeofday": 164, "swapon": 167, "unshare": 272, "userfaultfd": 323,
}
# The same by the numbers of i386, which a 64-bit program may use, too.
LEGACY = {
    "acct": 51, "bpf": 357, "delete_module": 129, "finit_module": 350, "init_module": 128, "keyctl": 288, "mount": 21, "open_by_handle_at": 342, "perf_event_open": 336,
    "pivot_root": 217, "reboot": 88, "request_key": 287, "setns": 346, "swapon": 87, "unshare": 310, "userfaultfd": 374,
}


def answers(engine, abi, numbers, flags=()):
    """What each call says, all in one container."""
    script = "; ".join(f"attack call {abi} {number} {' '.join(BAD)}" for number in numbers.values())
    said = attacker.in_container(engine, "sh", "-c", script, flags=flags, check=True).lines
    return dict(zip(numbers, said, strict=True))


@pytest.mark.parametrize("abi, numbers", [("64", CALLS), ("32", LEGACY), ("x32", CALLS)], ids=["64", "32", "x32"])
def test_system_calls(engine, abi, numbers):
    """By no numbers, and for no reason of their own: they are let through to the kernel where nothing filters."""
    freely = answers(engine, abi, numbers, OPEN)
    if set(freely.values()) == {"ENOSYS"}:
        pytest.skip(f"this kernel has no calls of {abi}")
    let_through = [name for name, said in freely.items() if said not in ("EPERM", "ENOSYS")]
    assert len(let_through) > len(numbers) * 0.7, freely
    closed = answers(engine, abi, numbers)
    assert not {name: closed[name] for name in let_through if closed[name] not in ("EPERM", "ENOSYS")}


def test_new_namespaces(engine):
    """CAP_SYS_ADMIN in a user namespace of one's own is most of the way to the kernel's newest faults (CVE-2022-0185)."""
    for flag in (0x10000000, 0x00020000, 0x40000000, 0x02000000):
        for call in (f"64 272 {flag}", f"64 56 {flag | 17}", "64 435 0 88", f"32 310 {flag}", f"32 120 {flag | 17}"):
            assert attacker.in_container(engine, "attack", "call", *call.split()).out.strip() in ("EPERM", "ENOSYS"), call
    assert attacker.in_container(engine, "attack", "call", "64", "272", "0x02000000", flags=OPEN).out == "0\n"


FILES = [
    "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/domainname", "/proc/sys/vm/panic_on_oom", "/proc/sys/fs/binfmt_misc/register",
    "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity", "/proc/kmsg", "/sys/kernel/uevent_helper", "/sys/kernel/profiling", "/sys/power/state",
    "/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/memory/tasks", "/sys/fs/cgroup/cgroup.procs",
]
TRIES = "for f in {}; do test -e $f || continue; echo seen; (: >> $f) 2>/dev/null && echo $f; done; true"


def test_settings_of_the_host(engine):
    """Opened for writing, and no more, in case that it works."""
    script = TRIES.format(" ".join(FILES))
    said = attacker.in_container(engine, "sh", "-c", script).lines
    assert len(said) >= 5 and set(said) == {"seen"}, said
    assert "/proc/sys/kernel/core_pattern" in attacker.in_container(engine, "sh", "-c", script, flags=OPEN).lines


@pytest.mark.parametrize("act", ["umount /proc/keys", "umount /proc/sys", "mount -o remount,rw,bind /proc/sys", "mount -t proc proc /tmp", "mount -t sysfs s /tmp",
                                 "mount --bind /proc/sys /tmp", "mount -t cgroup -o memory c /tmp", "mount -t cgroup2 c /tmp", "mount -o remount,rw /sys/fs/cgroup"])
def test_masks_stay(engine, act):
    said = attacker.in_container(engine, "sh", "-c", f"{act} && echo done", flags=["--cap-add", "DAC_READ_SEARCH"])
    assert said.code != 0 and "done" not in said.out, said


def test_release_agent(engine):
    """Whoever writes it has a program run by the host's root (CVE-2022-0492): who may mount control groups may, nobody else."""
    if not pathlib.Path("/proc/self/cgroup").read_text().count(":memory:"):
        pytest.skip("control groups of version 2 have no release agent")
    script = "mkdir /tmp/g; mount -t cgroup -o {} c /tmp/g && (: >> /tmp/g/release_agent) && echo open"
    outside = [line.split(":")[1] for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines() if line.split(":")[1] in ("hugetlb", "name=systemd")]
    for tree in ["memory", "devices", *outside]:
        for flags in ([], ["--security-opt", "seccomp=unconfined"], ["--user", "1000"]):
            said = attacker.in_container(engine, "sh", "-c", script.format(tree if "=" not in tree else f"none,{tree}"), flags=flags)
            assert said.code != 0 and not said.out, said
    seen = attacker.in_container(engine, "sh", "-c", "ls /sys/fs/cgroup/*/release_agent; ls /sys/fs/cgroup; wc -l < /sys/fs/cgroup/pids/cgroup.procs", check=False).lines
    assert "release_agent" not in " ".join(seen) and "memory" in seen and int(seen[-1]) <= 3, "only its own groups are shown"


class TestNodes:
    @pytest.fixture(autouse=True)
    def node_of_the_host(self):
        """The host's null device stays as it is; it is mended if not, for whoever comes next."""
        before = os.stat("/dev/null")
        yield
        after = os.stat("/dev/null")
        if after != before:
            os.chown("/dev/null", before.st_uid, before.st_gid)
            os.chmod("/dev/null", before.st_mode & 0o7777)
        assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)

    CHANGE = "for f in /proc/keys /proc/timer_list /proc/interrupts /dev/stdin /dev/stdout /proc/self/fd/0 /proc/1/fd/0 /dev/null; do chmod 600 $f; chown 7:7 $f; done; ls -ln /dev/null"

    @pytest.mark.parametrize("flags", [[], ["-t"], ["-i"], ["--privileged"]], ids=["plain", "terminal", "input", "privileged"])
    def test_by_its_root(self, engine, flags):
        """What lies over masked files, and what is read where there is no input, is not the host's to change."""
        assert " 7 " in attacker.in_container(engine, "sh", "-c", self.CHANGE, flags=flags).out
        attacker.start(engine, "box", "sleep", 600)
        engine.docker("exec", *[flag for flag in flags if flag != "-t"], "box", "sh", "-c", self.CHANGE, check=False)

    def test_by_its_user(self, engine):
        """Who runs as somebody else owns its pipes, and no device."""
        attacker.in_container(engine, "true", flags=["--user", "1000"], check=True)
        attacker.start(engine, "box", "sleep", 600, flags=["--user", "1000"])
        engine.docker("exec", "--user", "1000:1000", "box", "true")

    @pytest.mark.parametrize("null", ["rm /dev/null", "rm /dev/null; ln -s /dev/zero /dev/null", "rm /dev/null; mkfifo /dev/null", "rm /dev/null; mkdir /dev/null"])
    def test_another_thing_by_its_name(self, engine, null):
        """An exec waits for nothing, and reads nothing."""
        attacker.start(engine, "box", "sh", "-c", f"{null}; touch /ready; exec sleep 600")
        engine.docker("exec", "box", "sh", "-c", "until test -e /ready; do :; done")
        assert engine.docker("exec", "box", "sh", "-c", "cat; echo end", timeout=20).out == "end\n"


# VFS_CAP_REVISION_2 with the effective bit, and CAP_NET_RAW, permitted.
RAW = bytes.fromhex("0100000200200000000000000000000000000000")


@pytest.fixture(scope="module")
def image(shared, attack):
    """With a program that has CAP_NET_RAW, one of root's with the set-user-ID bit, and a file that a group may not read."""
    raw = rootfs.member("bin/raw", data=attack.read_bytes(), mode=0o755)
    raw[0].pax_headers = {"SCHILY.xattr.security.capability": RAW.decode("latin1")}
    members = [raw, rootfs.member("bin/su", data=attack.read_bytes(), mode=0o4755), rootfs.member("secret", data=b"secret", mode=0o604, gid=1002)]
    shared.docker("load", stdin=rootfs.docker_archive([rootfs.busybox_layer(), rootfs.tar(members)], "rights:v1"))
    yield "rights:v1"
    shared.docker("rmi", "-f", "rights:v1")


class TestRights:
    """Capabilities and groups of those who run in it (CVE-2022-24769, CVE-2022-2990, CVE-2022-36109, CVE-2023-25173)."""

    @pytest.mark.parametrize("flags", [[], ["--user", "1000"], ["--cap-add", "NET_ADMIN"], ["--cap-add", "NET_ADMIN", "--user", "1000"], ["--privileged"]])
    def test_none_is_inherited(self, engine, flags):
        engine.docker("run", "-d", "--name", "box", *flags, "attacker", "sleep", "600")
        for said in (engine.docker("exec", "box", "grep", "^Cap", "/proc/1/status"), engine.docker("exec", "box", "grep", "^Cap", "/proc/self/status"),
                     engine.docker("exec", "--privileged", "box", "grep", "^Cap", "/proc/self/status")):
            sets = dict(line.split(":\t") for line in said.lines)
            assert sets["CapInh"] == sets["CapAmb"] == "0" * 16, sets

    @pytest.mark.parametrize("flags, works", [
        (["--user", "1000"], True), (["--user", "1000", "--security-opt", "no-new-privileges"], False), (["--user", "1000", "--cap-drop", "NET_RAW"], False),
    ])
    def test_capabilities_of_files(self, engine, image, flags, works):
        said = engine.docker("run", "--rm", *flags, image, "raw", "call", "64", "41", "2", "3", "1", check=False)
        assert (said.out == "0\n") == works, said
        assert engine.docker("run", "--rm", *flags, image, "su", "call", "64", "41", "2", "3", "1", check=False).out == ("0\n" if flags == ["--user", "1000"] else "EPERM\n")

    @pytest.mark.parametrize("flags, code", [([], "0"), (["--security-opt", "no-new-privileges"], "EPERM"), (["--cap-drop", "ALL"], "0")])
    def test_programs_of_root(self, engine, image, flags, code):
        """setuid(2) to root, by a program with the bit; then into what only root may."""
        assert engine.docker("run", "--rm", "--user", "1000", *flags, image, "su", "call", "64", "105", "0").out == f"{code}\n"

    @pytest.mark.parametrize("user, groups", [("1000", "1001 1002"), ("user", "1001 1002"), ("1000:1000", "1000"), ("1234", "0"), ("1000:0", "0"), ("1234:1234", "1234")])
    def test_groups(self, engine, image, user, groups):
        """Those of the image's user and no other, as Docker has it; root's only with a number that no account has."""
        engine.docker("run", "-d", "--name", "box", image, "sleep", "600")
        for said in (engine.docker("run", "--rm", "--user", user, image, "id", "-G"), engine.docker("exec", "--user", user, "box", "id", "-G")):
            assert sorted(said.out.split()) == groups.split(), said

    def test_a_group_that_may_not(self, engine, image):
        """Who is in the group is refused what all others may, however it got there, and can't leave it."""
        for flags in (["--user", "user"], ["--user", "1234:1234", "--group-add", "1002"]):
            said = engine.docker("run", "--rm", *flags, image, "sh", "-c", "cat /secret; su call 64 116 0 0", check=False)
            assert "secret" not in said.out, said
        assert engine.docker("run", "--rm", "--user", "1234:1234", image, "cat", "/secret").out == "secret"
        assert engine.docker("run", "--rm", "--user", "user", image, "raw", "call", "64", "116", "0", "0").out == "EPERM\n"


def test_keys_of_the_host(engine):
    """A container without a filter has a session's keyring of its own, not the daemon's, and sees no other."""
    flags = ["--security-opt", "seccomp=unconfined"]
    rings = {attacker.in_container(engine, "attack", "ring", flags=flags).out for _ in range(2)}
    assert len(rings) == 2 and not [ring for ring in rings if "_uid" in ring], rings
    assert attacker.in_container(engine, "sh", "-c", "cat /proc/keys | wc -l").out == "0\n"
