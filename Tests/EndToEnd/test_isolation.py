"""What a container sees of the machine: its own namespaces, Docker's mounts, devices and capabilities."""
import os
import re

import pytest

import leaks

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


def test_own_control_groups(engine):
    """In each tree the container is at the root of what it sees."""
    lines = inside(engine, "cat /proc/self/cgroup").splitlines()
    named = [line.split(":") for line in lines if not line.split(":")[1].startswith("name=") and (line.split(":")[1] or len(lines) == 1)]
    mine = {"cpu", "cpuset", "memory", "devices", "pids", "freezer", "blkio"}
    assert not [line for line in named if line[2] != "/" and (line[1] in mine or not line[1])], lines


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
    """A container's root file system is mounted where only the container sees it, or is unmounted at its end.

    Images of erofs are layers that all containers share: they stay.
    """
    engine.docker("run", "-d", "--name", "ct", "busybox", "sleep", "100")
    engine.docker("rm", "-f", "ct")
    assert leaks.mounts_below(engine.data_root / engine.driver, images=False) == []


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


class TestSharedMemory:
    """`/dev/shm` and the IPC namespace of a container that shares them, as Docker's `--ipc shareable` and `container:`."""

    def test_is_shared(self, cli):
        engine = cli.daemon
        cli("run", "-d", "--name", "donor", "--ipc", "shareable", "--shm-size", "7m", "busybox", "sh", "-c", "echo mine > /dev/shm/x; sleep 600")
        engine.docker("exec", "donor", "sh", "-c", "while ! test -s /dev/shm/x; do :; done")
        said = cli("run", "--rm", "--ipc", "container:donor", "busybox", "sh", "-c", "cat /dev/shm/x; echo yours > /dev/shm/y; readlink /proc/self/ns/ipc; df -m /dev/shm | tail -1; pwd; ls /").lines
        assert said[0] == "mine" and said[1] == engine.docker("exec", "donor", "readlink", "/proc/self/ns/ipc").out.strip()
        assert said[2].split()[1] == "7" and said[3] == "/" and "dev" in said
        assert engine.docker("exec", "donor", "cat", "/dev/shm/y").out == "yours\n"
        # It outlives who made it, as long as somebody has it.
        engine.docker("run", "-d", "--name", "heir", "--ipc", "container:donor", "busybox", "sleep", "600")
        engine.docker("rm", "-f", "donor")
        assert engine.docker("exec", "heir", "cat", "/dev/shm/x").out == "mine\n"

    @pytest.mark.parametrize("mode", ["private", "none"])
    def test_is_not_shared(self, engine, mode):
        engine.docker("run", "-d", "--name", "donor", "--ipc", mode, "busybox", "sleep", "600")
        said = engine.docker("run", "--rm", "--ipc", "container:donor", "busybox", "true", check=False)
        assert said.code == 125 and "non-shareable IPC" in said.err, said

    def test_a_donor_that_lies(self, engine):
        """What it puts in the place of its `/dev/shm` leads nowhere but into itself."""
        script = "umount /dev/shm; rmdir /dev/shm; ln -s /etc /dev/shm; touch /etc/of-the-donor /ready; sleep 600"
        engine.docker("run", "-d", "--name", "donor", "--ipc", "shareable", "--cap-add", "SYS_ADMIN", "busybox", "sh", "-c", script)
        engine.docker("exec", "donor", "sh", "-c", "while ! test -e /ready; do :; done")
        said = engine.docker("run", "--rm", "--ipc", "container:donor", "busybox", "ls", "/dev/shm", check=False)
        assert said.code == 125 or said.out in ("of-the-donor\n", ""), said
        assert "passwd" not in said.out


def test_devices_are_closed(engine):
    """Also of the driver's, which had to be opened for the tree."""
    script = "mknod /tmp/d b $1 $2 && head -c 1 /tmp/d > /dev/null"
    for number in (os.stat(engine.data_root).st_dev, os.makedev(7, 0)):
        said = engine.docker("run", "--rm", "busybox", "sh", "-c", script, "-", os.major(number), os.minor(number), check=False)
        assert said.code == 1 and "Operation not permitted" in said.err, said


class TestProc:
    """Nothing comes in the place of the kernel's files, through which a setting could be written elsewhere."""

    @pytest.mark.parametrize("over", ["/proc", "/proc/sys", "/proc/sys/net/ipv4", "/proc/self", "/proc/1/attr", "/proc/sysrq-trigger", "/link"])
    def test_no_volume_over_it(self, engine, over):
        engine.docker("create", "--name", "maker", "busybox", "true")
        engine.docker("commit", "-c", f"VOLUME {over}", "maker", "bad:image")
        engine.docker("rm", "maker")
        if over == "/link":
            engine.docker("run", "--name", "maker", "busybox", "ln", "-s", "/proc/sys/net/ipv4", "/link")
            engine.docker("commit", "maker", "bad:image")
            engine.docker("rm", "maker")
            said = engine.docker("run", "--rm", "-v", "/link", "bad:image", "true", check=False)
        else:
            said = engine.docker("run", "--rm", "bad:image", "true", check=False)
        engine.docker("rmi", "-f", "bad:image")
        assert said.code in (125, 127) and "/proc" in said.err, said

    def test_figures_may_be_replaced(self, engine, tmp_path):
        (tmp_path / "meminfo").write_text("MemTotal: 7 kB\n")
        assert engine.docker("run", "--rm", "-v", f"{tmp_path}/meminfo:/proc/meminfo:ro", "busybox", "cat", "/proc/meminfo").out == "MemTotal: 7 kB\n"

    def test_a_picture_of_the_host(self, engine):
        """As monitors have it: the host's tree, and its /proc once more in there."""
        said = engine.docker("run", "--rm", "-v", "/:/hostfs:ro", "-v", "/proc:/hostfs/proc:ro", "busybox", "cat", "/hostfs/proc/1/comm").out
        assert said == open("/proc/1/comm").read()

    def test_of_the_host(self, engine):
        assert engine.docker("run", "--rm", "-v", "/proc:/host/proc:ro", "busybox", "cat", "/host/proc/1/comm", check=False).code != 127
