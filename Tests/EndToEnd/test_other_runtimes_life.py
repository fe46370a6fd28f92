"""Their lives, limits and networks, and the daemon's end and return."""
import json
import os
import time

import pytest

import clients
import lan
import test_bridges
import test_resources
from attacker import driver  # noqa: F401 fixture
from runtimes import RUNTIMES, TICKER, Runs, parent, run  # noqa: F401 fixture


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

    @pytest.mark.parametrize("rule, readable, writable", [("a 10:* r", True, False), ("a *:* m", False, False), ("c 10:237 rw", True, True)])
    def test_rules_for_devices(self, run, rule, readable, writable):
        """None of them opens more than it says, to whoever may make nodes."""
        script = "mknod /loop-control c 10 237; (: </loop-control) 2>/dev/null && echo readable; (: >/loop-control) 2>/dev/null && echo writable"
        said = run("--rm", "--device-cgroup-rule", rule, "busybox", "sh", "-c", script, check=False).lines
        assert said == ["readable"] * readable + ["writable"] * writable

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
