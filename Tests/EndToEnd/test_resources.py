"""Limits of what a container may take: set, changed while it runs, held by the kernel, gone with it; on cgroup v1 and v2."""
import json
import os
import pathlib
import time

import pytest

import drivers


V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
SLEEP = ["busybox", "sleep", "600"]
LAST = str(max(os.sched_getaffinity(0)))


# The same for all drivers, but that some mount a device of the host's before it is closed: those have a test in test_isolation.py.
@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name == "overlay2"])
def driver(request):
    return request.param


def control(daemon, name, controller, old, new):
    """What the kernel says of a container: v1's file, or v2's."""
    status, said = daemon.api("GET", f"/containers/{name}/json")
    assert status == 200
    container = json.loads(said)["Id"]
    folder = pathlib.Path("/sys/fs/cgroup") / ("" if V2 else controller) / daemon.name / container
    return (folder / (new if V2 else f"{controller}.{old}")).read_text().strip()


def run(daemon, *options, name="box"):
    daemon.docker("run", "-d", "--name", name, *options, *SLEEP)


# Options, and what is to stand in which file: controller, v1's name, its text, v2's name, its text.
LIMITS = [
    (["-m", "64m"], "memory", "limit_in_bytes", "67108864", "memory.max", "67108864"),
    (["-m", "64m"], "memory", "memsw.limit_in_bytes", "134217728", "memory.swap.max", "67108864"),
    (["-m", "64m", "--memory-swap", "64m"], "memory", "memsw.limit_in_bytes", "67108864", "memory.swap.max", "0"),
    (["-m", "64m", "--memory-reservation", "32m"], "memory", "soft_limit_in_bytes", "33554432", "memory.low", "33554432"),
    (["--cpus", "0.5"], "cpu", "cfs_quota_us", "50000", "cpu.max", "50000 100000"),
    (["--cpu-period", "50000", "--cpu-quota", "20000"], "cpu", "cfs_period_us", "50000", "cpu.max", "20000 50000"),
    (["--cpu-shares", "512"], "cpu", "shares", "512", "cpu.weight", "59"),
    (["--cpuset-cpus", "0"], "cpuset", "cpus", "0", "cpuset.cpus", "0"),
    (["--pids-limit", "20"], "pids", "max", "20", "pids.max", "20"),
    (["--pids-limit", "-1"], "pids", "max", "max", "pids.max", "max"),
    ([], "pids", "max", "max", "pids.max", "max"),
]


@pytest.mark.parametrize("options, controller, old, text, new, new_text", LIMITS)
def test_limits_stand_in_the_kernel(engine, options, controller, old, text, new, new_text):
    run(engine, *options)
    assert control(engine, "box", controller, old, new) == (new_text if V2 else text)


@pytest.mark.skipif(V2, reason="cgroup v2 has neither swappiness nor a switch for its OOM killer")
def test_limits_of_v1_alone(engine):
    run(engine, "-m", "64m", "--memory-swappiness", "7", "--oom-kill-disable")
    assert control(engine, "box", "memory", "swappiness", "") == "7"
    assert "oom_kill_disable 1" in control(engine, "box", "memory", "oom_control", "")


def test_rates_of_disks(engine, disk):
    """Of the device that the data root is on, where that has a file in /dev."""
    device = os.stat(disk).st_dev
    path = f"/dev/loop{os.minor(device)}"
    assert os.major(device) == 7 and os.path.exists(path), "tests work on a loop device"
    run(engine, "--device-write-bps", f"{path}:1mb", "--device-read-iops", f"{path}:500")
    number = f"{os.major(device)}:{os.minor(device)}"
    if V2:
        assert control(engine, "box", "", "", "io.max") == f"{number} rbps=max wbps=1048576 riops=500 wiops=max"
    else:
        assert control(engine, "box", "blkio", "throttle.write_bps_device", "") == f"{number} 1048576"
        assert control(engine, "box", "blkio", "throttle.read_iops_device", "") == f"{number} 500"
    refused = engine.docker("run", "--rm", "--device-write-bps", "/dev/null:1mb", "busybox", "true", check=False)
    assert refused.code == 125 and "/dev/null is no block device" in refused.err


def test_fork_bomb(engine):
    """It stops at its limit; the daemon and its neighbours go on."""
    run(engine, name="neighbour")
    engine.docker("run", "-d", "--name", "bomb", "--pids-limit", "50", "busybox", "sh", "-c", "sh -c 'for i in $(seq 300); do sleep 60 & done'; sleep 600")
    assert control(engine, "bomb", "pids", "max", "pids.max") == "50"
    deadline = time.monotonic() + 10
    while int(control(engine, "bomb", "pids", "current", "pids.current")) < 40:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert int(control(engine, "bomb", "pids", "current", "pids.current")) <= 50
    assert engine.docker("exec", "neighbour", "echo", "fine").out == "fine\n"
    engine.docker("rm", "-f", "bomb")


def test_time_is_limited(engine):
    """A tenth of a processor for a process that would take a whole one."""
    run(engine, "--cpus", "0.1")
    engine.docker("exec", "-d", "box", "sh", "-c", "while true; do :; done")
    time.sleep(2)
    stats = json.loads(engine.api("GET", "/containers/box/stats?stream=false")[1])
    took = (stats["cpu_stats"]["cpu_usage"]["total_usage"] - stats["precpu_stats"]["cpu_usage"]["total_usage"]) / 1e9
    assert stats["cpu_stats"]["throttling_data"]["throttled_periods"] > 5 and 0 < took < 0.5, stats["cpu_stats"]


class TestUpdate:
    def test_while_it_runs(self, cli):
        engine = cli.daemon
        run(engine, "-m", "64m")
        cli("update", "-m", "96m", "--memory-swap", "128m", "--cpus", "0.75", "--pids-limit", "30", "--cpuset-cpus", LAST, "--cpu-shares", "2048", "box")
        host = engine.inspect("box", "{{json .HostConfig}}")
        assert (host["Memory"], host["MemorySwap"], host["NanoCpus"], host["PidsLimit"]) == (96 << 20, 128 << 20, 750_000_000, 30)
        assert control(engine, "box", "memory", "limit_in_bytes", "memory.max") == str(96 << 20)
        assert control(engine, "box", "memory", "memsw.limit_in_bytes", "memory.swap.max") == str((32 if V2 else 128) << 20)
        assert control(engine, "box", "cpu", "cfs_quota_us", "cpu.max") == ("75000 100000" if V2 else "75000")
        assert control(engine, "box", "pids", "max", "pids.max") == "30" and control(engine, "box", "cpuset", "cpus", "cpuset.cpus") == LAST
        cli("update", "-m", "32m", "--memory-swap", "32m", "--cpus", "0.5", "box")
        assert control(engine, "box", "memory", "limit_in_bytes", "memory.max") == str(32 << 20)
        assert engine.docker("exec", "box", "grep", "Cpus_allowed_list", "/proc/self/status").out.split()[1] == LAST
        engine.docker("restart", "-t", "0", "box")
        assert control(engine, "box", "memory", "limit_in_bytes", "memory.max") == str(32 << 20)

    def test_while_it_does_not(self, engine):
        engine.docker("create", "--name", "box", *SLEEP)
        engine.docker("update", "--pids-limit", "9", "box")
        engine.docker("start", "box")
        assert control(engine, "box", "pids", "max", "pids.max") == "9"

    @pytest.mark.parametrize("made, asked, words", [
        (["-m", "64m"], ["-m", "512m"], "memoryswap limit"), (["--cpus", "1"], ["--cpu-quota", "50000"], "NanoCPUs has already been set"),
        (["--cpu-period", "50000"], ["--cpus", "1"], "CPU Period has already been set"), ([], ["-m", "1m"], "6MB"), ([], ["--cpus", "999"], "range of CPUs"),
        ([], ["--cpuset-cpus", "8000"], "not available"), ([], ["--cpuset-cpus", "x"], "Invalid value"),
    ])
    def test_what_cannot_be_changes_nothing(self, engine, made, asked, words):
        run(engine, *made)
        before = engine.inspect("box", "{{json .HostConfig}}")
        said = engine.docker("update", *asked, "box", check=False)
        assert said.code == 1 and words in said.err, said
        assert engine.inspect("box", "{{json .HostConfig}}") == before

    def test_what_the_kernel_refuses_changes_nothing(self, engine):
        """Memory that is in use can't be taken away where there is no swap to put it."""
        if V2:
            pytest.skip("cgroup v2 takes any limit, and kills")
        engine.docker("run", "-d", "--name", "box", "-m", "256m", "--memory-swap", "256m", "--tmpfs", "/t", "busybox", "sh", "-c", "head -c 100m /dev/zero > /t/x; touch /ready; sleep 600")
        deadline = time.monotonic() + 20
        while engine.docker("exec", "box", "test", "-e", "/ready", check=False).code:
            assert time.monotonic() < deadline
        before = engine.inspect("box", "{{json .HostConfig}}")
        said = engine.docker("update", "-m", "32m", "--memory-swap", "32m", "box", check=False)
        assert said.code == 1 and "memory.limit_in_bytes" in said.err and engine.inspect("box", "{{json .HostConfig}}") == before
        assert control(engine, "box", "memory", "memsw.limit_in_bytes", "") == str(256 << 20)


@pytest.mark.parametrize("options, words", [
    (["-m", "1m"], "6MB"), (["-m", "64m", "--memory-swap", "32m"], "larger than memory limit"), (["--memory-swap", "64m"], "always set the Memory limit"),
    (["-m", "64m", "--memory-reservation", "65m"], "reservation"), (["--cpus", "999"], "range of CPUs"),
    (["--cpus", "1", "--cpu-quota", "50000"], "Conflicting"), (["--cpu-period", "10"], "1ms"), (["--cpu-quota", "10"], "1ms"), (["--cpuset-cpus", "8000"], "not available"),
    (["--blkio-weight", "5"], "10 to 1000"),
])
def test_what_is_refused(engine, options, words):
    said = engine.docker("create", *options, "busybox", "true", check=False)
    assert said.code in (1, 125) and words in said.err, said


@pytest.mark.parametrize("host, words", [
    ({"Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "q"}]}, "invalid device mode: q"),
    ({"Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "x"}]}, "not an absolute path"), ({"DeviceCgroupRules": ["c 1 rwm"]}, "invalid device cgroup rule"),
    ({"MemorySwappiness": 101}, "0-100"), ({"BlkioWeight": 5}, "10 to 1000"), ({"CpusetCpus": "0-8191," * 1000 + "0"}, "Invalid value"),
])
def test_what_the_daemon_refuses(engine, host, words):
    status, said = engine.api("POST", "/containers/create", {"Image": "busybox", "Cmd": ["true"], "HostConfig": host})
    assert status == 400 and words in json.loads(said)["message"], said


class TestDevices:
    """The device controller (v1) or a program of the kernel's (v2) lets nobody at what it was not given, whatever node it makes."""

    LOOP = "mknod /tmp/l b 7 0 && head -c 1 /tmp/l > /dev/null"

    def test_of_the_host_cannot_be_opened(self, engine):
        for number in ("b 7 0", "c 10 229", "c 10 237"):
            said = engine.docker("run", "--rm", "busybox", "sh", "-c", f"mknod /tmp/l {number} && head -c 1 /tmp/l", check=False)
            assert said.code == 1 and "Operation not permitted" in said.err, said
        looks = "for d in null zero full random urandom tty; do ls /dev/$d >/dev/null || exit 1; done; head -c 1 /dev/urandom | wc -c; echo x > /dev/null; head -c 1 /dev/zero | wc -c"
        assert engine.docker("run", "--rm", "busybox", "sh", "-c", looks).out.split() == ["1", "1"]
        assert engine.docker("run", "--rm", "-t", "busybox", "sh", "-c", "echo fine > /dev/tty").out.strip() == "fine"

    def test_more_privileges_in_an_exec_do_not_help(self, engine):
        run(engine, "--cap-add", "ALL")
        said = engine.docker("exec", "--privileged", "box", "sh", "-c", self.LOOP, check=False)
        assert said.code == 1 and "Operation not permitted" in said.err, said

    def test_that_are_given(self, cli):
        engine = cli.daemon
        said = cli("run", "--rm", "--device", "/dev/loop-control", "--device", "/dev/null:/dev/other/name:rw", "busybox", "sh", "-c", "stat -c '%F %t:%T' /dev/loop-control /dev/other/name; echo x > /dev/other/name && head -c 0 /dev/loop-control && echo opened")
        status = os.stat("/dev/loop-control")
        assert said.lines == [f"character special file {os.major(status.st_rdev):x}:{os.minor(status.st_rdev):x}", "character special file 1:3", "opened"]
        assert cli("run", "--rm", "--device-cgroup-rule", "b 7:* rwm", "busybox", "sh", "-c", self.LOOP, check=False).code == 0 or not os.path.exists("/dev/loop0")
        refused = engine.docker("run", "--rm", "--device", "/dev/nosuch", "busybox", "true", check=False)
        assert refused.code == 125 and "error gathering device information" in refused.err and "/dev/nosuch" in refused.err

    def test_read_only(self, engine):
        """A device that may be read can't be written."""
        said = engine.docker("run", "--rm", "--device", "/dev/loop-control:/dev/lc:r", "busybox", "sh", "-c", "head -c 0 /dev/lc && echo read; exec 3> /dev/lc", check=False)
        assert said.out == "read\n" and said.code != 0 and "Operation not permitted" in said.err, said

    def test_all_below_a_folder(self, engine):
        """But for those that every container has of its own."""
        said = engine.docker("run", "--rm", "--device", "/dev", "busybox", "sh", "-c", "ls /dev/loop-control; readlink /dev/ptmx; echo x > /dev/null")
        assert said.lines == ["/dev/loop-control", "pts/ptmx"]

    @pytest.mark.skipif(V2, reason="under v1 the letter a means all devices, whatever follows")
    def test_a_rule_for_both_kinds(self, engine):
        run(engine, "--device-cgroup-rule", "a 42:* r")
        rules = control(engine, "box", "devices", "list", "").splitlines()
        assert "c 42:* r" in rules and "b 42:* r" in rules and not [rule for rule in rules if rule.startswith("a")]

    def test_what_is_there_already_stays(self, engine):
        engine.docker("run", "--rm", "--privileged", "-v", "/dev/loop-control:/dev/loop-control:ro", "busybox", "true")

    def test_privileged_has_all(self, engine):
        said = engine.docker("run", "--rm", "--privileged", "busybox", "sh", "-c", "ls /dev/loop-control && mknod /tmp/m c 1 11 && head -c 0 /tmp/m && echo opened")
        assert said.lines == ["/dev/loop-control", "opened"]


def test_nothing_is_left(engine):
    run(engine, "-m", "64m", "--cpuset-cpus", "0")
    engine.docker("rm", "-f", "box")
    left = [folder for pattern in (f"{engine.name}/*/", f"*/{engine.name}/*/") for folder in pathlib.Path("/sys/fs/cgroup").glob(pattern)]
    assert not left
    info = json.loads(engine.docker("info", "-f", "{{json .}}").out)
    assert info["MemoryLimit"] and info["CpuCfsQuota"] and info["PidsLimit"] and info["CPUSet"] and info["OomKillDisable"] is not V2
