"""The life of a container: create, start, list, inspect, wait, stop, kill, remove."""
import contextlib
import re
import time

import pytest

import clients
import engine

SLEEPER = ["busybox", "sleep", "1000"]
STUBBORN = ["busybox", "sh", "-c", "trap 'echo got TERM' TERM; echo ready; while :; do sleep 0.1; done"]
POLITE = ["busybox", "sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.1; done"]


def state(cli, name):
    return cli.daemon.inspect(name, "{{json .State}}")


def await_line(cli, name, line):
    clients.eventually(lambda: line in cli("logs", name).out, what=f"{line!r} in the log of {name}")


def test_from_create_to_remove(cli):
    """Each step answers with the name it was given, and the state follows."""
    container = cli("create", "--name", "life", *SLEEPER).out.strip()
    assert re.fullmatch("[0-9a-f]{64}", container)
    assert state(cli, "life")["Status"] == "created"
    assert cli("start", "life").out == "life\n"
    running = state(cli, "life")
    assert running["Status"] == "running" and running["Running"] and running["Pid"] > 0
    assert cli("kill", "life").out == "life\n"
    assert cli("wait", "life").out == "137\n"
    ended = state(cli, "life")
    assert (ended["Status"], ended["ExitCode"], ended["Pid"], ended["OOMKilled"]) == ("exited", 137, 0, False)
    assert cli("rm", "life").out == "life\n"
    assert cli("ps", "-aq").out == ""


def test_detached_run_prints_the_id(cli):
    container = cli("run", "-d", *SLEEPER).out.strip()
    assert cli("ps", "-q", "--no-trunc").out.strip() == container
    assert cli("ps", "-q").out.strip() == container[:12]


def test_start_again(cli):
    """What the first run wrote is there in the second."""
    cli("run", "--name", "again", "busybox", "sh", "-c", "cat /count 2>/dev/null; echo x >>/count")
    assert cli("start", "-a", "again").out == "x\n"
    assert cli("start", "-a", "again").out == "x\nx\n"


def test_start_of_a_running_one_is_no_error(cli):
    cli("run", "-d", "--name", "up", *SLEEPER)
    assert cli("start", "up").out == "up\n"


def test_stop_asks_then_kills(cli):
    """SIGTERM first; who does not end within -t seconds is killed."""
    cli("run", "-d", "--name", "stubborn", *STUBBORN)
    await_line(cli, "stubborn", "ready")
    began = time.monotonic()
    assert cli("stop", "-t", "1", "stubborn").out == "stubborn\n"
    assert 0.9 <= time.monotonic() - began < 6
    assert cli("logs", "stubborn").out == "ready\ngot TERM\n"
    assert state(cli, "stubborn")["ExitCode"] == 137


def test_stop_lets_it_end(cli):
    cli("run", "-d", "--name", "polite", *POLITE)
    await_line(cli, "polite", "ready")
    began = time.monotonic()
    cli("stop", "polite")
    assert time.monotonic() - began < 5 and state(cli, "polite")["ExitCode"] == 9
    cli("stop", "polite")        # stopping a stopped one is no error


def test_kill_with_a_signal(cli):
    """The program decides what a signal does; SIGKILL is the default."""
    cli("run", "-d", "--name", "target", "busybox", "sh", "-c", "trap 'echo got USR1' USR1; echo ready; while :; do sleep 0.1; done")
    await_line(cli, "target", "ready")
    for number, signal in enumerate(("USR1", "SIGUSR1", "10"), 1):
        cli("kill", "-s", signal, "target")
        clients.eventually(lambda number=number: cli("logs", "target").out.count("got USR1") == number, what=f"signal {number}")
    assert "ogus" in cli("kill", "-s", "bogus", "target", check=False).err.lower()


def test_kill_of_a_stopped_one(cli):
    cli("run", "--name", "over", "busybox", "true")
    result = cli("kill", "over", check=False)
    assert result.code == 1 and "is not running" in result.err


def test_wait_for_several(cli):
    """One exit status a line, in the order asked for."""
    cli("run", "-d", "--name", "later", "busybox", "sh", "-c", "sleep 0.5; exit 4")
    cli("run", "-d", "--name", "soon", "busybox", "sh", "-c", "exit 5")
    assert cli("wait", "later", "soon").out == "4\n5\n"


def test_remove_refuses_a_running_one(cli):
    cli("run", "-d", "--name", "busy", *SLEEPER)
    result = cli("rm", "busy", check=False)
    assert result.code == 1 and "running" in result.err and "emove" in result.err
    assert state(cli, "busy")["Running"]
    assert cli("rm", "-f", "busy").out == "busy\n"
    assert cli("ps", "-aq").out == ""


def test_removed_with_its_end(cli):
    """--rm also holds for a detached container, and however it ends."""
    cli("run", "-d", "--rm", "--name", "brief", *SLEEPER)
    cli("kill", "brief")
    clients.eventually(lambda: cli("ps", "-aq").out == "", what="the removal")
    assert not list((cli.daemon.data_root / "containers").iterdir())


def test_name_is_taken_until_removed(cli):
    first = cli("create", "--name", "mine", *SLEEPER).out.strip()
    result = cli("create", "--name", "mine", *SLEEPER, check=False)
    assert result.code == 1 and f'The container name "/mine" is already in use by container "{first}"' in result.err
    cli("rm", "mine")
    cli("create", "--name", "mine", *SLEEPER)


def test_listing(cli):
    """Docker's columns, formats and filters."""
    cli("run", "-d", "--name", "first", *SLEEPER)
    cli("run", "--name", "second", "busybox", "sh", "-c", "exit 2", check=False)
    table = cli("ps").lines
    assert table[0].split()[:3] == ["CONTAINER", "ID", "IMAGE"] and len(table) == 2
    assert re.search(r'busybox +"sleep 1000" +\S.* ago +Up \S.* +first$', table[1]), table[1]
    listed = cli("ps", "-a", "--format", "{{.Names}}|{{.Image}}|{{.Status}}").lines
    assert listed[0].startswith("second|busybox|Exited (2)") and listed[1].startswith("first|busybox|Up")
    assert cli("ps", "-a", "--filter", "name=second", "--format", "{{.Names}}").out == "second\n"
    assert cli("ps", "-a", "--filter", "status=exited", "--format", "{{.Names}}").out == "second\n"
    assert cli("ps", "-l", "--format", "{{.Names}}").out == "second\n"


def test_lookup_by_id_prefix_and_name(cli):
    container = cli("create", "--name", "named", *SLEEPER).out.strip()
    for name in (container, container[:12], container[:5], "named", "/named"):
        assert cli("inspect", "-f", "{{.Id}}", name).out.strip() == container


def test_inspect(cli):
    """The keys that scripts read."""
    cli("run", "-d", "--name", "seen", "-e", "K=v", "-w", "/tmp", "--hostname", "here", *SLEEPER)
    image = cli("inspect", "-f", "{{.Id}}", "--type", "image", "busybox").out.strip()
    for form, value in {
        "{{.Name}}": "/seen", "{{.Path}}": "sleep", "{{json .Args}}": '["1000"]', "{{.Config.Image}}": "busybox",
        "{{.Image}}": image, "{{.Config.Hostname}}": "here", "{{.Config.WorkingDir}}": "/tmp", "{{.State.Status}}": "running",
        "{{.Driver}}": cli.daemon.driver, "{{.HostConfig.LogConfig.Type}}": "json-file", "{{.RestartCount}}": "0",
    }.items():
        assert cli("inspect", "-f", form, "seen").out.strip() == value, form
    assert "K=v" in cli.daemon.inspect("seen", "{{json .Config.Env}}")


def test_changes(cli):
    """`diff` lists exactly what the container changed, and nothing that the engine put there."""
    cli("run", "--name", "wrote", "busybox", "sh", "-c",
        "echo x >>/etc/motd; mkdir /srv; touch /srv/new; rm -r /home; ln -s a /link; chmod 700 /tmp")
    assert sorted(cli("diff", "wrote").lines, key=lambda line: line[2:]) == [
        "C /etc", "C /etc/motd", "D /home", "A /link", "A /srv", "A /srv/new", "C /tmp",
    ]
    cli("run", "--name", "idle", "busybox", "true")
    assert cli("diff", "idle").out == ""


@pytest.mark.parametrize("verb", ["start", "stop", "kill", "rm", "logs", "wait", "inspect", "diff", "attach"])
def test_unknown_container(cli, verb):
    result = cli(verb, "nosuch", check=False)
    assert result.code == 1 and "nosuch" in result.err and "o such" in result.err, result


def test_many_at_once(cli):
    """20 containers started at the same time all say what they should."""
    children = [cli.spawn("run", "--rm", "busybox", "echo", f"number {n}") for n in range(20)]
    said = [child.communicate(timeout=60) for child in children]
    assert [out.decode() for out, _ in said] == [f"number {n}\n" for n in range(20)], said
    assert cli("ps", "-aq").out == ""


def test_removal_waits_for_readers(fresh):
    """A container whose files somebody reads is not removed; nor is it by the next start of the daemon."""
    fresh.docker("run", "--name", "box", "busybox", "dd", "if=/dev/urandom", "of=/big", "bs=1M", "count=8")
    with contextlib.closing(engine.UnixConnection(fresh.socket)) as connection:
        connection.request("GET", "/containers/box/export")
        assert connection.getresponse().read(1000)
        failed = fresh.docker("rm", "box", check=False)
        assert failed.code == 1 and "is in use" in failed.err, failed
        fresh.kill9()
    fresh.start()
    assert fresh.docker("ps", "-aq").lines, "it was not removed, and is there"
    fresh.docker("rm", "box")


def test_prune_takes_what_filters_say(cli):
    """Containers and images go by label and age; what is used stays, whatever they say."""
    for name, labels in [("old", ["a=1"]), ("kept", ["a=1", "keep"]), ("other", ["a=2"])]:
        cli.daemon.docker("create", "--name", name, *(word for label in labels for word in ("--label", label)), "busybox", "true")
    cli.daemon.docker("run", "-d", "--name", "running", "--label", "a=1", "busybox", "sleep", "600")
    assert cli("container", "prune", "-f", "--filter", "until=1h").out.count("\n") == 1
    pruned = cli("container", "prune", "-f", "--filter", "label=a=1", "--filter", "label!=keep").out
    names = cli.daemon.docker("ps", "-a", "--format", "{{.Names}}").lines
    assert sorted(names) == ["kept", "other", "running"] and "Deleted Containers" in pruned
    for name in ("v1", "v2"):
        cli.daemon.docker("commit", "-c", f"LABEL kind={name}", "other", f"pruned:{name}")
    cli("image", "prune", "-af", "--filter", "label=kind=v1")
    assert cli.daemon.docker("images", "--format", "{{.Tag}}", "pruned").lines == ["v2"]
    cli("system", "prune", "-af", "--filter", "label=kind=v2")
    assert cli.daemon.docker("images", "-q", "pruned").out == "" and "running" in cli.daemon.docker("ps", "--format", "{{.Names}}").out
    assert cli("image", "prune", "-f", "--filter", "until=nonsense", check=False).code != 0


def test_rename_top_and_df(cli):
    """What is changed and looked at beside the container's life."""
    cli("run", "-d", "--name", "box", "busybox", "sleep", "600")
    cli("rename", "box", "other")
    assert cli("ps", "--format", "{{.Names}}").out == "other\n"
    assert "is already in use" in cli("create", "--name", "other", "busybox", check=False).err
    assert "sleep 600" in cli("top", "other").out and cli("top", "other").lines[0].split()[0] == "UID"
    assert cli("top", "other", "-o", "pid,args").lines[0].split() == ["PID", "COMMAND"]
    rows = {line.split("  ")[0]: line.split() for line in cli("system", "df").lines}
    assert rows["TYPE"] == ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"] and rows["Containers"][1:3] == ["1", "1"]
    cli("rm", "-f", "other")


def test_restart_removes_nothing(cli):
    """A container with --rm is gone at its end, but not at the first half of a restart."""
    cli("run", "-d", "--rm", "--name", "box", "--stop-timeout", "0", *SLEEPER)
    cli("exec", "box", "touch", "/kept")
    cli("restart", "box")
    assert state(cli, "box")["Running"]
    cli("exec", "box", "test", "-e", "/kept")
    cli("kill", "box")
    clients.eventually(lambda: cli("ps", "-aq").out == "")
