"""Containers whose processes runc or crun makes, in the place of Varve's own launcher."""
import json
import os
import pathlib
import re
import shutil
import time

import pytest

import clients
import engine as engines
import features
import lan
import test_bridges
import test_reload
import test_resources
import test_same_as_docker
from attacker import driver  # noqa: F401 fixture

RUNTIMES = ["runc", "crun"]
TICKER = ["busybox", "sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done"]


class Runs:
    """`docker run` by one of the runtimes."""

    def __init__(self, engine, runtime):
        self.engine, self.runtime = engine, runtime

    def __call__(self, *args, **options):
        return self.engine.docker("run", "--runtime", self.runtime, *args, **options)

    def box(self, *args, name="box"):
        """One that sleeps."""
        self("-d", "--name", name, "--stop-timeout", "0", *args, "busybox", "sleep", "600")


@pytest.fixture(params=RUNTIMES)
def run(engine, request):
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    return Runs(engine, request.param)


class TestRun:
    def test_output_and_code(self, run):
        done = run("--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
        assert (done.code, done.out, done.err) == (7, "out\n", "err\n")

    def test_input(self, run):
        done = run("--rm", "-i", "busybox", "sh", "-c", "tr a-z A-Z", stdin=b"hello\n" * 20000)
        assert done.out == "HELLO\n" * 20000

    def test_input_is_empty(self, run):
        """It is the container's own null device, not the host's."""
        assert run("--rm", "busybox", "sh", "-c", "cat; stat -L -c %t:%T /proc/self/fd/0; test $(stat -L -c %d /proc/self/fd/0) = $(stat -c %d /dev) && echo own").out == "1:3\nown\n"

    def test_who_made_it(self, run):
        run.box()
        assert run.engine.inspect("box", "{{json .HostConfig.Runtime}}") == run.runtime
        folder = run.engine.exec_root / run.engine.inspect("box", "{{json .Id}}")
        assert list((folder / "runtime").iterdir()), "its state is in the container's folder"

    @pytest.mark.parametrize("command, code, words", [
        ("nosuch", 127, "not found"), ("/etc/nosuch", 127, "no such file"), ("/etc/passwd", 126, "permission denied"), ("/etc", 126, ""),
    ])
    def test_what_cannot_be_run(self, run, command, code, words):
        if (run.runtime, command) == ("crun", "/etc"):
            code = 125      # `Operation not permitted` is all that it says
        done = run("--rm", "busybox", command, check=False)
        assert done.code == code and "OCI runtime create failed" in done.err and words in done.err.lower(), str(done)

    def test_terminal(self, run):
        with clients.Client(run.engine, "docker").terminal("run", "--rm", "-it", "--runtime", run.runtime, "busybox", "sh", rows=33, columns=101) as child:
            child.expect("/ # ")
            child.sendline("tty; until stty size | grep -q 33.101; do sleep 0.1; done; stty size")
            child.expect("/dev/pts/0\r\n")
            child.expect("33 101")
            child.setwinsize(40, 120)
            child.sendline("until stty size | grep '^40'; do sleep 0.1; done")
            child.expect("40 120")
            child.sendline("exit 5")
            assert clients.ended(child)[1] == 5

    def test_users(self, run):
        """By name and by number, with groups, home and folder of their own."""
        script = "id -u; id -g; id -G; echo $HOME; pwd; umask"
        said = run("--rm", "--user", "1000:1001", "--group-add", "audio", "--group-add", "5000", "-w", "/new/folder", "busybox", "sh", "-c", script, check=False)
        ours = run.engine.docker("run", "--rm", "--user", "1000:1001", "--group-add", "audio", "--group-add", "5000", "-w", "/new/folder", "busybox", "sh", "-c", script, check=False)
        assert (said.code, said.out) == (ours.code, ours.out)
        assert run("--rm", "--user", "1000:1001", "--group-add", "5000", "-w", "/new/folder", "busybox", "sh", "-c", script).lines == ["1000", "1001", "1001 5000", "/home/user", "/new/folder", "0022"]
        assert "unable to find user nobody-such" in run("--rm", "--user", "nobody-such", "busybox", "true", check=False).err

    def test_files(self, run, tmp_path):
        """Bind mounts, a volume with a part of it, tmpfs, another container's shared memory, a small init, names."""
        (tmp_path / "below").mkdir()
        (tmp_path / "file").write_text("text")
        docker = run.engine.docker
        docker("run", "--rm", "-v", "vol:/v", "busybox", "sh", "-c", "mkdir /v/part; echo in part >/v/part/file")
        run("-d", "--name", "one", "--ipc", "shareable", "--shm-size", "3m", "busybox", "sh", "-c", "echo shared >/dev/shm/x; exec sleep 600")
        script = "cat /b/file /p/file; echo x >/b/below/new; echo x >/r/new; df -k /t /dev/shm | awk 'NR>1{print $2}'; cat /dev/shm/x; tr '\\0' ' ' </proc/1/cmdline; hostname; dnsdomainname -d 2>/dev/null; cat /proc/sys/kernel/domainname"
        done = run(
            "--rm", "-v", f"{tmp_path}:/b", "-v", f"{tmp_path}:/r:ro", "--mount", "type=volume,src=vol,dst=/p,volume-subpath=part", "--tmpfs", "/t:size=1m", "--ipc", "container:one",
            "--init", "--hostname", "me", "--domainname", "example", "busybox", "sh", "-c", script, check=False,
        )
        assert done.lines[:5] == ["textin part", "1024", "3072", "shared"] + done.lines[4:5], str(done)
        assert done.lines[4].startswith("/sbin/docker-init -- sh") and "me" in done.lines[4] + done.lines[5] and done.lines[-1] == "example"
        assert "Read-only file system" in done.err and (tmp_path / "below/new").read_text() == "x\n"

    def test_domain_and_sysctls(self, run):
        assert run("--rm", "--sysctl", "net.ipv4.ip_forward=1", "busybox", "cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/ping_group_range").out.split() == ["1", "0", "2147483647"]

    def test_annotations_and_remains(self, run):
        """Nothing is left in the exec root, nor of control groups, when a container has ended."""
        run("--name", "box", "busybox", "true")
        clients.eventually(lambda: not (run.engine.exec_root / run.engine.inspect("box", "{{json .Id}}")).exists())
        folders = [path for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/{run.engine.name}/*") if path.is_dir()]
        assert not folders
        assert run.engine.docker("start", "-a", "box").code == 0


class TestExec:
    def test_plain(self, run):
        run.box("-e", "A=b", "-w", "/tmp")
        done = run.engine.docker("exec", "box", "sh", "-c", "echo $A; pwd; echo err >&2; exit 9", check=False)
        assert (done.code, done.out, done.err) == (9, "b\n/tmp\n", "err\n")

    def test_input_and_much_output(self, run):
        run.box()
        assert run.engine.docker("exec", "-i", "box", "cat", stdin=b"x" * 3_000_000).out == "x" * 3_000_000

    def test_user_and_groups(self, run):
        run.box("--group-add", "5000")
        assert run.engine.docker("exec", "--user", "12:34", "box", "sh", "-c", "id -u; id -G").lines == ["12", "34 5000"]

    def test_terminal(self, run):
        run.box()
        with clients.Client(run.engine, "docker").terminal("exec", "-it", "box", "sh", rows=33, columns=101) as child:
            child.expect("/ # ")
            child.sendline("until stty size | grep -q 33.101; do sleep 0.1; done; echo size $(stty size)")
            child.expect("size 33 101")
            child.sendline("exit 4")
            assert clients.ended(child)[1] == 4

    def test_detached(self, run):
        run.box()
        run.engine.docker("exec", "-d", "box", "sh", "-c", "echo there >/there")
        clients.eventually(lambda: run.engine.docker("exec", "box", "cat", "/there", check=False).out == "there\n")

    @pytest.mark.parametrize("command, code, words", [("nosuch", 127, "not found"), ("/etc/passwd", 126, "permission denied")])
    def test_what_cannot_be_run(self, run, command, code, words):
        run.box()
        done = run.engine.docker("exec", "box", command, check=False)
        assert done.code == code and words in done.both.lower() and done.both.count("unable to start container process") == 1, str(done)

    def test_ends_with_its_container(self, run):
        run.box()
        pid = run.engine.inspect("box", "{{json .State.Pid}}")
        with run.engine.spawn("exec", "box", "sleep", "600") as waits:
            clients.eventually(lambda: "sleep 600" in run.engine.docker("top", "box").out.split("sleep 600", 1)[-1])
            run.engine.docker("kill", "box")
            assert waits.wait(10 * engines.PATIENCE) == 137
        assert not os.path.exists(f"/proc/{pid}")

    def test_leaves_no_zombies(self, run):
        """Whatever the runtime leaves behind is the monitor's to collect."""
        run.box("--pid", "host")
        for _ in range(5):
            run.engine.docker("exec", "box", "sh", "-c", "(sleep 0.1 &) ; true")
        monitor = parent(run.engine.inspect("box", "{{json .State.Pid}}"))
        clients.eventually(lambda: children(monitor) == [run.engine.inspect("box", "{{json .State.Pid}}")])


def parent(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class TestLife:
    def test_logs_and_stop(self, run):
        run("-d", "--name", "box", "busybox", "sh", "-c", "trap 'echo bye; exit 3' TERM; echo hello; while :; do sleep 0.05; done")
        clients.eventually(lambda: run.engine.docker("logs", "box").out == "hello\n")
        run.engine.docker("stop", "box")
        assert run.engine.docker("logs", "box").out == "hello\nbye\n" and run.engine.inspect("box", "{{json .State.ExitCode}}") == 3

    def test_kill(self, run):
        run.box()
        run.engine.docker("kill", "-s", "USR1", "box")      # the first process of a pid namespace minds only what it handles
        assert run.engine.inspect("box", "{{json .State.Running}}") is True
        run.engine.docker("kill", "box")
        assert run.engine.docker("wait", "box").out == "137\n"

    def test_pause(self, run):
        run("-d", "--name", "box", "--stop-timeout", "0", *TICKER)
        run.engine.docker("pause", "box")
        time.sleep(0.2)
        before = run.engine.docker("logs", "box").out
        time.sleep(0.3)
        assert run.engine.docker("logs", "box").out == before
        run.engine.docker("unpause", "box")
        clients.eventually(lambda: run.engine.docker("logs", "box").out > before)

    def test_top_and_stats(self, run):
        run.box("-m", "64m")
        assert run.engine.docker("top", "box", "-eo", "pid,args").lines[1].split()[1:] == ["sleep", "600"]
        stats = json.loads(run.engine.docker("stats", "--no-stream", "--format", "{{json .}}", "box").out)
        assert stats["MemUsage"].endswith("/ 64MiB") and int(stats["PIDs"]) == 1

    def test_waiting_for_health(self, run):
        run.box("--health-cmd", "test -e /well", "--health-interval", "100ms")
        run.engine.docker("exec", "box", "touch", "/well")
        clients.eventually(lambda: run.engine.inspect("box", "{{json .State.Health.Status}}") == "healthy")

    def test_copy_and_changes(self, run, tmp_path):
        run.box()
        (tmp_path / "file").write_text("copied")
        run.engine.docker("cp", tmp_path / "file", "box:/etc/copied")
        assert run.engine.docker("exec", "box", "cat", "/etc/copied").out == "copied"
        assert "A /etc/copied" in run.engine.docker("diff", "box").lines

    @pytest.mark.parametrize("options, controller, old, text, new, new_text", test_resources.LIMITS)
    def test_limits(self, run, options, controller, old, text, new, new_text):
        run.box(*options)
        assert test_resources.control(run.engine, "box", controller, old, new) == (new_text if test_resources.V2 else text)

    def test_update(self, run):
        run.box("-m", "64m", "--memory-swap", "64m")
        run.engine.docker("update", "-m", "32m", "--memory-swap", "32m", "--pids-limit", "77", "box")
        assert test_resources.control(run.engine, "box", "memory", "limit_in_bytes", "memory.max") == str(32 << 20)
        assert test_resources.control(run.engine, "box", "pids", "max", "pids.max") == "77"

    def test_want_of_memory(self, run):
        hungry = "x=a; for i in $(seq 27); do x=$x$x; done"
        assert run("--name", "hungry", "-m", "16m", "--memory-swap", "16m", "busybox", "sh", "-c", hungry, check=False).code == 137
        assert run.engine.inspect("hungry", "{{json .State.OOMKilled}}") is True

    def test_ulimits_that_the_host_cannot_give(self, run):
        """They are as high as they can be, as with Varve's own launcher."""
        ask = ["--rm", "--ulimit", "nofile=4000000:4000000", "--oom-score-adj", "-999", "busybox", "sh", "-c", "ulimit -Hn; cat /proc/self/oom_score_adj"]
        assert run(*ask, check=False).both == run.engine.docker("run", *ask, check=False).both

    def test_network(self, run):
        """A published port, names, and a second network while it runs."""
        docker = run.engine.docker
        docker("network", "create", "own")
        docker("network", "create", "later")
        try:
            run("-d", "--name", "web", "--hostname", "web", "--network", "own", "-p", "8087:80", "--init", "busybox", "sh", "-c", test_bridges.SERVER)
            run.box("--network", "own", name="asks")
            test_bridges.eventually(lambda: lan.fetch("127.0.0.1", 8087, seconds=1), "i am web")
            assert test_bridges.sh(run.engine, "asks", test_bridges.FETCH.format("web", 80)) == "i am web"
            docker("network", "connect", "later", "asks")
            assert "eth1" in test_bridges.sh(run.engine, "asks", "ip link")
            assert run("--rm", "--network", "container:web", "busybox", "sh", "-c", "ip -o addr show eth0").out.count("inet ") == 1
            assert run("--rm", "--network", "none", "busybox", "sh", "-c", "ip -o link | wc -l; ping -c1 127.0.0.1 >/dev/null && echo up").out == "1\nup\n"
        finally:
            docker("rm", "-f", "web", "asks")
            docker("network", "rm", "own", "later")


# What differs from a container of Varve's own launcher, by runtime: `section name`, and why.
OF_BOTH = [
    (r"(cgroups|mounts|probe \w+) /sys/fs/cgroup/(hugetlb|systemd|misc|unified|rdma|perf_event|net_\w+)\b|cgroup |mounts /sys/fs/cgroup ", "groups in all of cgroup v1's trees, all of them shown; the folder above them can be written to"),
    (r"mounts /(proc|sys)/(acpi|asound|scsi|firmware|interrupts|keys|timer_list|\S*powercap) '(dev)?tmpfs ", "masks without all of the flags, and a null device that can be written to"),
    (r"mounts /proc/(bus|fs|irq|sys) 'proc ", "read-only paths without their flags, in some versions"),
]
EXPLAINED = {
    "runc": [*OF_BOTH, (r"probe open c 5:1 ", "not among the devices that it always allows")],
    "crun": [
        *OF_BOTH,
        (r"dev /dev/core ", "a link of its own"), (r"dev /dev/null ", "it gives the null device to the user"), (r"probe open c 10:200 ", "not among the devices that it always allows"),
        (r"mounts /dev/console ", "without noexec and nosuid"), (r"mounts /sys 'sysfs ", "read-only is the mount alone"),
        (r"probe write /sys/(kernel|module|power)/\S+ 'EACCES' != 'EROFS'", "read-only is the mount alone"),
        (r"probe call 4[5-9]\d 'EPERM' != 'ENOSYS'", "calls that the kernel's time does not know: refused, not said to be missing"),
    ],
}


@pytest.fixture(scope="module")
def features_engine(shared, place):
    shared.docker("load", "-i", features.image(place))
    return shared


class TestFeatures:
    """The same as from Varve's own launcher, which test_same_as_docker.py holds to Docker."""

    @staticmethod
    def unexplained(runtime, tables):
        found = {f"{name} {one!r} != {other!r}" for name, (one, other) in features.differences(*tables).items()}
        return "\n".join(sorted(line for line in found if not any(re.match(pattern, line) for pattern, _ in EXPLAINED[runtime])))

    @pytest.mark.parametrize("case", test_same_as_docker.CASES)
    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_run(self, features_engine, runtime, case):
        flags = test_same_as_docker.flags_of(case)
        said = [features_engine.docker("run", "--rm", "--runtime", name, *flags, "features", *features.COMMAND, timeout=120, check=False) for name in (runtime, "varve")]
        found = self.unexplained(runtime, list(map(test_same_as_docker.table, said)))
        assert not found, found

    @pytest.mark.parametrize("case, more", [
        ("default", []), ("default", ["--user", "1000"]), ("default", ["-t"]), ("default", ["--workdir", "/tmp", "-e", "A=b"]), ("user", []), ("no-new-privileges", []), ("limits", []),
        ("default", ["--privileged"]), ("privileged", []),
    ])
    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_exec(self, features_engine, runtime, case, more):
        said = []
        for name in (runtime, "varve"):
            features_engine.docker("run", "-d", "--name", "box", "--runtime", name, *test_same_as_docker.flags_of(case), "features", "sleep", "600")
            said.append(features_engine.docker("exec", *more, "box", *features.COMMAND, timeout=120, check=False))
            features_engine.docker("rm", "-f", "box")
        found = self.unexplained(runtime, list(map(test_same_as_docker.table, said)))
        assert not found, found


@pytest.mark.parametrize("runtime", RUNTIMES)
class TestDaemon:
    @pytest.mark.parametrize("way", ["stop", "kill9"])
    def test_goes_and_comes(self, fresh, runtime, way):
        """Containers go on meanwhile, and are at hand again; the end of one meanwhile is known."""
        run = Runs(fresh, runtime)
        run("-d", "--name", "ticker", "--stop-timeout", "0", *TICKER)
        run("-d", "--name", "brief", "busybox", "sh", "-c", "sleep 0.5; echo last; exit 7")
        pid = fresh.inspect("ticker", "{{json .State.Pid}}")
        getattr(fresh, way)()
        time.sleep(1)
        fresh.start()
        assert fresh.inspect("ticker", "{{json .State.Pid}}") == pid and fresh.inspect("brief", "{{json .State.ExitCode}}") == 7
        assert fresh.docker("exec", "ticker", "echo", "here").out == "here\n" and fresh.docker("logs", "brief").out == "last\n"
        lines = fresh.docker("logs", "ticker").lines
        assert lines == [str(n) for n in range(len(lines))] and len(lines) > 12
        fresh.docker("stop", "ticker")
        fresh.docker("start", "ticker")
        assert fresh.inspect("ticker", "{{json .State.Running}}") is True

    def test_monitor_is_killed(self, fresh, runtime):
        """Nothing of the container outlives it for long."""
        Runs(fresh, runtime).box()
        pid = fresh.inspect("box", "{{json .State.Pid}}")
        os.kill(parent(pid), 9)
        clients.eventually(lambda: fresh.inspect("box", "{{json .State.Running}}") is False and not os.path.exists(f"/proc/{pid}"))


class TestCheckpoints:
    def test_are_not_there(self, engine):
        """Whoever asks is told, and nothing happens to the container."""
        engine.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sleep", "600")
        for method, path in [("GET", "/containers/box/checkpoints"), ("POST", "/containers/box/checkpoints"), ("DELETE", "/containers/box/checkpoints/x")]:
            status, said = engine.api(method, path, {"CheckpointID": "x"} if method == "POST" else None)
            assert status == 501 and b"CRIU" in said, said
        engine.docker("stop", "box")
        status, said = engine.api("POST", "/containers/box/start?checkpoint=x")
        assert status == 501 and b"CRIU" in said, said
        assert engine.inspect("box", "{{json .State.Running}}") is False


class TestSettings:
    def test_names(self, engine):
        info = json.loads(engine.docker("info", "-f", "{{json .}}").out)
        assert info["DefaultRuntime"] == "varve" and {"varve", *filter(shutil.which, RUNTIMES)} == set(info["Runtimes"])
        engine.docker("create", "--name", "box", "busybox")
        assert engine.inspect("box", "{{json .HostConfig.Runtime}}") == "varve"
        engine.docker("run", "--rm", "--runtime", "varve", "busybox", "true")
        refused = engine.docker("run", "--rm", "--runtime", "nosuch", "busybox", "true", check=False)
        assert refused.code == 125 and "unknown or invalid runtime name: nosuch" in refused.err
        assert engine.api("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Runtime": "nosuch"}})[0] == 400

    def test_added_and_default(self, make_daemon, busybox_tar, tmp_path):
        """A wrapper with arguments as in daemon.json, one by flag, another default, and what a reload changes."""
        wrapper = tmp_path / "wrapper"
        wrapper.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/said\nshift\nexec {shutil.which("runc")} "$@"\n')
        wrapper.chmod(0o755)
        config = {"runtimes": {"mine": {"path": str(wrapper), "runtimeArgs": ["--mine"]}}, "default-runtime": "mine"}
        daemon = make_daemon("overlay2", config=config, kind="varved")
        daemon.docker("load", "-i", busybox_tar)
        assert daemon.docker("run", "--name", "first", "busybox", "echo", "hello").out == "hello\n"
        assert "--mine --root" in (tmp_path / "said").read_text() and daemon.inspect("first", "{{json .HostConfig.Runtime}}") == "mine"
        info = json.loads(daemon.docker("info", "-f", "{{json .}}").out)
        assert info["DefaultRuntime"] == "mine" and info["Runtimes"]["mine"] == {"path": str(wrapper), "runtimeArgs": ["--mine"]}
        daemon.docker("create", "--name", "second", "busybox", "true")
        test_reload.reload(daemon, {"runtimes": {"other": {"path": "crun"}}}, "configuration reloaded")
        assert json.loads(daemon.docker("info", "-f", "{{json .}}").out)["DefaultRuntime"] == "varve"
        gone = daemon.docker("start", "second", check=False)
        assert gone.code == 1 and "unknown or invalid runtime name: mine" in gone.err
        assert daemon.docker("run", "--rm", "--runtime", "other", "busybox", "echo", "hello").out == "hello\n"
        test_reload.reload(daemon, config, "default-runtime,runtimes")
        clients.eventually(lambda: daemon.docker("start", "-a", "second", check=False).code == 0)
        wrapper.unlink()
        gone = daemon.docker("start", "first", check=False)
        assert gone.code == 1 and f"the program of the runtime mine, {wrapper}, is not there" in gone.err

    def test_by_flags(self, make_daemon, busybox_tar):
        daemon = make_daemon("overlay2", arguments=["--add-runtime", f"c={shutil.which('crun')}", "--default-runtime", "c"], kind="varved")
        daemon.docker("load", "-i", busybox_tar)
        daemon.docker("run", "--name", "box", "busybox", "true")
        assert daemon.inspect("box", "{{json .HostConfig.Runtime}}") == "c"

    @pytest.mark.parametrize("config, words", [
        ({"runtimes": {"x": {"runtimeType": "io.containerd.runsc.v1"}}}, "only programs with runc's command line"),
        ({"runtimes": {"x": {"path": "/x", "options": {"a": 1}}}}, "only programs with runc's command line"),
        ({"runtimes": {"x": {}}}, "has no path"), ({"runtimes": {"x": {"path": "bin/x"}}}, "absolute"), ({"runtimes": {"varve": {"path": "/x"}}}, "reserved"),
        ({"runtimes": ["x"]}, "object of runtimes"), ({"default-runtime": "x"}, "specified default runtime 'x' does not exist"),
    ])
    def test_bad_settings(self, tmp_path, config, words):
        said = test_reload.TestConfiguration.validate(tmp_path, config)
        assert said.code == 1 and words in said.both, said

    @pytest.mark.parametrize("flags, words", [(["--add-runtime", "x"], "name=path"), (["--add-runtime", "x=/x", "--add-runtime", "x=/y"], "already defined")])
    def test_bad_flags(self, tmp_path, flags, words):
        said = test_reload.TestConfiguration.validate(tmp_path, {}, *flags)
        assert said.code == 1 and words in said.both, said

    def test_without_a_program(self, engine, make_daemon, busybox_tar, tmp_path):
        """A program that is none, and one that says nothing: the reason is told, and nothing is left."""
        (tmp_path / "mute").write_text("#!/bin/sh\nexit 3\n")
        (tmp_path / "speaks").write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n")
        for name in ("mute", "speaks"):
            (tmp_path / name).chmod(0o755)
        flags = [flag for name in ("mute", "speaks", "gone") for flag in ("--add-runtime", f"{name}={tmp_path / name}")]
        daemon = make_daemon("overlay2", arguments=flags, kind="varved")
        daemon.docker("load", "-i", busybox_tar)
        for name, words in [("mute", "mute create ended with status 3"), ("speaks", "it is broken"), ("gone", "is not there or can't be run")]:
            failed = daemon.docker("run", "--runtime", name, "busybox", "true", check=False)
            assert failed.code == 125 and words in failed.err, failed

    def test_not_under_mapped_ids(self, make_daemon, busybox_tar):
        daemon = make_daemon("overlay2", arguments=["--userns-remap", "default"], kind="varved", start=False)
        try:
            daemon.start()
        except AssertionError:
            pytest.skip("no subordinate ids on this machine")
        daemon.docker("load", "-i", busybox_tar)
        refused = daemon.docker("run", "--rm", "--runtime", "runc", "busybox", "true", check=False)
        assert refused.code == 125 and "can't show images under the ids of userns-remap" in refused.err
        assert daemon.docker("run", "--rm", "--runtime", "runc", "--userns", "host", "busybox", "echo", "hello").out == "hello\n"
