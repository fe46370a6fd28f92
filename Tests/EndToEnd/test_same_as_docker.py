"""What a container is given, beside what Debian's dockerd 20.10 gives to the same: what differs is listed, with its reason."""
import os
import pathlib
import re

import pytest

import features
from attacker import driver  # noqa: F401 fixture

# What may differ: `section name`, and why. docs/security.md tells of each.
EXPLAINED = [
    (r"probe call (303|310|311|329|330|331) ", "today's Docker allows name_to_handle_at, process_vm_* and pkey_*, which 20.10 did not know to be harmless"),
    (r"probe call (425|426|427) ", "today's Docker closes io_uring"),
    (r"probe call (41|53) |probe socket (38|40) ", "today's Docker closes sockets of AF_ALG and AF_VSOCK"),
    (r"probe call 4[4-9]\d ", "calls newer than 20.10: those that today's Docker lets through, and EPERM for those it knows and does not"),
    (r"namespaces cgroup |cgroup |cgroups |mounts /sys/fs/cgroup\S* (None|'[^']*\bro\b)|probe \w+ /sys/fs/cgroup\S* (None|'E|'ok' != None)", "its own control groups are all that it sees, also with cgroup v1"),
    (r"mounts /(proc|sys)/\S+ '(dev)?tmpfs  [^']*\bro\b|probe (read|write) /proc/interrupts ", "masks are read-only, and there are today's Docker's: /proc/interrupts, too"),
    (r"mounts / ", "options of the overlay alone"),
    (r"etc f[ef]00::", "written as today's Docker does"),
    (r"process SigIgn:", "signals that whoever started the daemon ignores: dockerd passes them on, here a container begins with none"),
    (r"sysctl net/ipv6/conf/all/disable_ipv6 ", "20.10 turns IPv6 off in a network namespace that has no network of it"),
]
# Where the peer's own namespaces are seen: it is not in those of the machine.
OF_THE_PEER = {
    "--network": r"namespaces net |sysctl net/|links |probe \w+ /proc/(sys/)?net/|probe \w+ /proc/sys/net|mounts /sys |etc ", "--pid": r"namespaces pid|first |process ",
    "--ipc": r"namespaces ipc |mounts /dev/shm |dev /dev/shm/|sysctl (kernel|fs)/",
}
CASES = {
    "default": [], "privileged": ["--privileged"], "cap-drop": ["--cap-drop", "ALL"], "user": ["--user", "1000"], "read-only": ["--read-only"], "terminal": ["-t"],
    "no-new-privileges": ["--security-opt", "no-new-privileges"], "unconfined": ["--security-opt", "seccomp=unconfined"], "init": ["--init"], "pid-host": ["--pid", "host"],
    "ipc-host": ["--ipc", "host"], "network-host": ["--network", "host"], "limits": ["-m", "64m", "--ulimit", "nofile=100:200", "--shm-size", "8m", "--oom-score-adj", "500"],
    "devices": ["--device", "/dev/zero:/dev/null2:r", "--device-cgroup-rule", "c 1:11 r"], "cap-add": ["--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE"],
}


@pytest.fixture(scope="module")
def pair(make_module_daemon, driver, place):
    """Varve, and dockerd."""
    daemons = [make_module_daemon(driver, kind=kind) for kind in ("varved", "dockerd")]
    archive = features.image(place)
    for daemon in daemons:
        daemon.docker("load", "-i", archive)
    yield daemons
    for daemon in daemons:
        daemon.remove_containers()


def unexplained(flags, tables):
    patterns = [pattern for pattern, _ in EXPLAINED] + [OF_THE_PEER[flag] for flag in flags if flag in OF_THE_PEER]
    found = {f"{name} {one!r} != {other!r}" for name, (one, other) in features.differences(*tables).items()}
    return sorted(line for line in found if not any(re.match(pattern, line) for pattern in patterns))


def table(said):
    assert said.code == 0, said.err
    return features.table(said.out, {path.name: os.readlink(path) for path in pathlib.Path("/proc/self/ns").iterdir()})


def flags_of(case):
    flags = CASES[case]
    return flags if "--network" in flags else ["--network", "none", *flags]


@pytest.mark.parametrize("case", CASES)
def test_run(pair, case):
    flags = flags_of(case)
    ours, theirs = [daemon.docker("run", "--rm", *flags, "features", *features.COMMAND, timeout=120, check=False) for daemon in pair]
    if "unable to apply caps" in theirs.err:
        pytest.skip("runc gives all capabilities or none, and this machine's root lacks one")
    assert not unexplained(flags, [table(ours), table(theirs)])


@pytest.mark.parametrize("case, more", [
    ("default", []), ("default", ["--user", "1000"]), ("default", ["-t"]), ("default", ["--workdir", "/tmp", "-e", "A=b"]), ("user", []), ("read-only", []), ("cap-drop", []),
    ("no-new-privileges", []), ("unconfined", []), ("init", []), ("limits", []), ("default", ["--privileged"]), ("privileged", []),
])
def test_exec(pair, case, more):
    flags, said = flags_of(case), []
    for daemon in pair:
        begun = daemon.docker("run", "-d", "--name", "box", *flags, "features", "sleep", "600", check=False)
        said.append(daemon.docker("exec", *more, "box", *features.COMMAND, timeout=120, check=False) if begun.code == 0 else begun)
        daemon.docker("rm", "-f", "box")
    if "unable to apply caps" in said[1].both:
        pytest.skip("runc gives all capabilities or none, and this machine's root lacks one")
    assert not unexplained(flags, list(map(table, said)))
