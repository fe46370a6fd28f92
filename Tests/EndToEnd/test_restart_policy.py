"""Containers that start again by themselves, as their policies say, with pauses that grow; and over restarts of the daemon."""
import time

import pytest

import clients

ONE_DRIVER = True

FAILS = ["busybox", "sh", "-c", "cut -d' ' -f1 /proc/uptime; exit 3"]


def state(daemon, name):
    return daemon.inspect(name, "{{json .State}}")


def count(daemon, name):
    return int(daemon.docker("inspect", "-f", "{{.RestartCount}}", name).out)


def test_on_failure_gives_up(cli):
    """Twice more, then it stays as it ended."""
    cli("run", "-d", "--restart", "on-failure:2", "--name", "box", *FAILS)
    clients.eventually(lambda: state(cli.daemon, "box")["Status"] == "exited")
    assert count(cli.daemon, "box") == 2
    assert state(cli.daemon, "box")["ExitCode"] == 3
    assert len(cli("logs", "box").lines) == 3
    cli("start", "box")
    clients.eventually(lambda: count(cli.daemon, "box") == 2 and len(cli("logs", "box").lines) == 6, what="three more runs")
    assert cli("wait", "box").out == "3\n"


def test_success_is_no_failure(cli):
    cli("run", "-d", "--restart", "on-failure", "--name", "box", "busybox", "true")
    cli("wait", "box")
    time.sleep(0.5)
    assert (state(cli.daemon, "box")["Status"], count(cli.daemon, "box")) == ("exited", 0)


def test_always_with_growing_pauses(cli):
    """It is shown as restarting, and ends when it is stopped: also in a pause."""
    cli("run", "-d", "--restart", "always", "--name", "box", *FAILS)
    clients.eventually(lambda: count(cli.daemon, "box") >= 5, timeout=20)
    lines = [float(line) for line in cli("logs", "box").lines]
    pauses = [round(later - earlier, 2) for earlier, later in zip(lines, lines[1:])]
    assert all(pause >= least for pause, least in zip(pauses, [0.1, 0.2, 0.4, 0.8])), pauses
    shown = clients.eventually(lambda: [line for line in cli("ps", "--format", "{{.Status}}").lines if line.startswith("Restarting (3)")])
    assert shown
    clients.eventually(lambda: "is restarting" in cli("exec", "box", "true", check=False).err)
    clients.eventually(lambda: "container is restarting" in cli("rm", "box", check=False).err)
    cli("stop", "box")
    assert state(cli.daemon, "box")["Status"] == "exited"
    done = count(cli.daemon, "box")
    time.sleep(2)
    assert (state(cli.daemon, "box")["Status"], count(cli.daemon, "box")) == ("exited", done)
    cli("start", "box")
    clients.eventually(lambda: count(cli.daemon, "box") >= 1)
    cli("rm", "-f", "box")


def test_what_is_stopped_stays(cli):
    for how in (["stop", "-t", "0"], ["kill"]):
        cli("run", "-d", "--restart", "always", "--name", "box", "busybox", "sleep", "600")
        cli(*how, "box")
        time.sleep(0.5)
        assert (state(cli.daemon, "box")["Status"], count(cli.daemon, "box")) == ("exited", 0)
        cli("rm", "box")


@pytest.mark.parametrize("away", ["SIGTERM", "SIGKILL"])
def test_over_a_restart_of_the_daemon(fresh, away):
    """Who was waiting is started; who always runs runs; who was stopped and runs unless stopped stays as it is."""
    fresh.docker("run", "-d", "--restart", "always", "--name", "failing", *FAILS)
    for policy in ("always", "unless-stopped", "no"):
        fresh.docker("run", "-d", "--restart", policy, "--name", policy, "busybox", "sleep", "600")
        fresh.docker("stop", "-t", "0", policy)
    fresh.docker("run", "-d", "--restart", "unless-stopped", "--name", "living", "busybox", "sleep", "600")
    pid = state(fresh, "living")["Pid"]
    clients.eventually(lambda: count(fresh, "failing") >= 3)
    if away == "SIGTERM":
        fresh.stop()
    else:
        fresh.kill9()
    fresh.start()
    before = len(fresh.docker("logs", "failing").lines)
    clients.eventually(lambda: len(fresh.docker("logs", "failing").lines) > before, timeout=20)
    found = {name: state(fresh, name)["Status"] for name in ("always", "unless-stopped", "no")}
    assert found == {"always": "running", "unless-stopped": "exited", "no": "exited"}
    assert state(fresh, "living")["Pid"] == pid


def test_update(cli):
    """A policy can be changed; what makes no sense is refused."""
    cli("run", "-d", "--name", "box", "busybox", "sleep", "600")
    cli("update", "--restart", "unless-stopped", "box")
    assert cli.daemon.inspect("box", "{{json .HostConfig.RestartPolicy}}") == {"Name": "unless-stopped", "MaximumRetryCount": 0}
    cli.daemon.restart()
    assert cli.daemon.inspect("box", "{{json .HostConfig.RestartPolicy.Name}}") == "unless-stopped"
    for wrong in ("sometimes", "always:3"):
        assert cli("create", "--restart", wrong, "busybox", check=False).code != 0, wrong
    assert cli("create", "--rm", "--restart", "always", "busybox", check=False).code != 0


def test_a_signal_that_asks_it_to_end_counts(cli):
    """That is its own stop signal, and not TERM for all; one that asks for something else ends no policy."""
    script = "trap 'exit 0' QUIT; trap 'exit 1' TERM; touch /ready; while :; do sleep 0.05; done"
    cli("run", "-d", "--restart", "always", "--stop-signal", "QUIT", "--name", "box", "busybox", "sh", "-c", script)
    ready = lambda: cli("exec", "box", "rm", "/ready", check=False).code == 0
    clients.eventually(ready)
    cli("kill", "-s", "TERM", "box")
    clients.eventually(lambda: count(cli.daemon, "box") == 1)
    clients.eventually(ready)
    cli("kill", "-s", "QUIT", "box")
    clients.eventually(lambda: state(cli.daemon, "box")["Status"] == "exited")
    time.sleep(0.5)
    assert (state(cli.daemon, "box")["Status"], count(cli.daemon, "box")) == ("exited", 1)


def test_a_signal_in_a_pause(cli):
    """Nobody is there to take it; the policy goes on."""
    cli("run", "-d", "--restart", "always", "--name", "box", *FAILS)
    # Between two pauses its process takes no notice of a HUP.
    clients.eventually(lambda: count(cli.daemon, "box") >= 4 and "is restarting" in cli("kill", "-s", "HUP", "box", check=False).err)
    before = count(cli.daemon, "box")
    clients.eventually(lambda: count(cli.daemon, "box") > before)
    cli("kill", "box")
    assert state(cli.daemon, "box")["Status"] == "exited"
