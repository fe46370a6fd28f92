"""What a container sees of the machine: its own namespaces, Docker's mounts, devices and capabilities."""
import os
import re

import pytest

DEFAULT_CAPABILITIES = "00000000a80425fb"
MOUNTS = {  # api: mount point → (type, options that must be there)
    "/proc": ("proc", {"nosuid", "nodev", "noexec"}),
    "/dev": ("tmpfs", {"nosuid", "mode=755"}),
    "/dev/pts": ("devpts", {"nosuid", "noexec", "gid=5", "mode=620", "ptmxmode=666"}),
    "/sys": ("sysfs", {"ro", "nosuid", "nodev", "noexec"}),
    "/dev/mqueue": ("mqueue", {"nosuid", "nodev", "noexec"}),
    "/dev/shm": ("tmpfs", {"nosuid", "nodev", "noexec", "size=65536k"}),
}


def inside(engine, script, *flags):
    return engine.docker("run", "--rm", *flags, "busybox", "sh", "-c", script).out


@pytest.mark.parametrize("namespace", ["mnt", "pid", "uts", "ipc", "net"])
def test_own_namespaces(engine, namespace):
    assert inside(engine, f"readlink /proc/self/ns/{namespace}").strip() != os.readlink(f"/proc/self/ns/{namespace}")


def test_it_is_process_one(engine):
    processes = inside(engine, "echo $$; ls /proc | grep -c '^[0-9]'").split()
    assert processes[0] == "1" and int(processes[1]) <= 4


def test_capabilities(engine):
    """The 14 of Docker's default, none to inherit."""
    status = dict(line.split(":\t") for line in inside(engine, "grep ^Cap /proc/1/status").splitlines())
    assert status == {
        "CapInh": "0" * 16, "CapPrm": DEFAULT_CAPABILITIES, "CapEff": DEFAULT_CAPABILITIES, "CapBnd": DEFAULT_CAPABILITIES,
        "CapAmb": "0" * 16,
    }


def test_mounts(engine):
    """Docker's default mounts, with its options."""
    table = {}
    for line in inside(engine, "cat /proc/self/mounts").splitlines():
        _, point, kind, options = line.split()[:4]
        table[point] = (kind, set(options.split(",")))
    for point, (kind, options) in MOUNTS.items():
        assert point in table, f"{point} is not mounted: {sorted(table)}"
        assert table[point][0] == kind and options <= table[point][1], f"{point}: {table[point]}"
    assert {"/etc/resolv.conf", "/etc/hostname", "/etc/hosts"} <= set(table)
    assert any(point.startswith("/sys/fs/cgroup") and "ro" in options for point, (_, options) in table.items())


def test_masked_and_read_only_paths(engine):
    script = "for f in kcore timer_list keys; do cat /proc/$f 2>/dev/null; done | wc -c; ls /sys/firmware | wc -l"
    assert inside(engine, script).split() == ["0", "0"]
    result = engine.docker("run", "--rm", "busybox", "sh", "-c", "echo x >/proc/sys/kernel/domainname", check=False)
    assert result.code == 1 and "Read-only file system" in result.err, result


def test_devices(engine):
    script = "cd /dev; for d in null zero full random urandom tty; do stat -c '%n %t:%T %a' $d; done; for l in fd stdin ptmx; do readlink $l; done"
    assert inside(engine, script).splitlines() == [
        "null 1:3 666", "zero 1:5 666", "full 1:7 666", "random 1:8 666", "urandom 1:9 666", "tty 5:0 666",
        "/proc/self/fd", "/proc/self/fd/0", "pts/ptmx",
    ]


def test_network_has_loopback_only(engine):
    said = inside(engine, "ip -o link; ping -c1 -W2 127.0.0.1 >/dev/null && echo up", "--network", "none")
    devices = re.findall(r"^\d+: (\w+)", said, re.M)
    assert "lo" in devices and "eth0" not in devices and said.rstrip().endswith("up"), said


def test_host_sees_no_mount_of_a_container(engine):
    """A container's root file system is mounted where only the container sees it, or is unmounted at its end."""
    engine.docker("run", "-d", "--name", "ct", "busybox", "sleep", "100")
    engine.docker("rm", "-f", "ct")
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        assert str(engine.data_root / engine.driver) not in file.read()


def test_no_descriptor_and_no_variable_of_the_daemon_leaks(engine):
    assert inside(engine, "ls /proc/1/fd").split()[:3] == ["0", "1", "2"]
    assert len(inside(engine, "ls /proc/1/fd").split()) <= 5      # ash and ls open one or two themselves
    assert str(engine.place) not in inside(engine, "env; cat /proc/1/cmdline")


def test_containers_do_not_see_each_other(engine):
    engine.docker("run", "-d", "--name", "aa", "busybox", "sh", "-c", "echo secret >/here; exec sleep 100")
    assert inside(engine, "ls /here 2>&1; ps | grep -c '[s]leep 100' || true").splitlines()[-1] == "0"


def test_writes_of_one_container_stay_its_own(engine):
    engine.docker("run", "--name", "ww", "busybox", "sh", "-c", "echo changed >/etc/motd")
    assert inside(engine, "cat /etc/motd") == "welcome\n"
