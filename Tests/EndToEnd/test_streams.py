"""What a container says and hears while it runs: logs, attach, exec."""
import json
import re
import subprocess
import time

import pytest

import clients

ONE_DRIVER = True

TICKER = ["busybox", "sh", "-c", "i=0; while [ $i -lt 30 ]; do echo tick $i; i=$((i+1)); sleep 0.05; done"]


@pytest.fixture
def sleeper(cli):
    cli("run", "-d", "--name", "host", "-e", "FROM=container", "-w", "/tmp", "busybox", "sleep", "1000")
    return "host"


def test_logs(cli):
    """Both streams, each where it belongs."""
    cli("run", "-d", "--name", "said", "busybox", "sh", "-c", "echo one; echo two >&2; printf three")
    cli("wait", "said")
    result = cli("logs", "said")
    assert (result.out, result.err) == ("one\nthree", "two\n")
    assert cli("logs", "--tail", "1", "said").both in ("three", "two\n")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z one$", cli("logs", "-t", "said").lines[0])


def test_log_file_is_dockers(cli):
    container = cli("run", "-d", "--name", "said", "busybox", "sh", "-c", "echo out; echo err >&2").out.strip()
    cli("wait", "said")
    path = cli.daemon.data_root / "containers" / container / f"{container}-json.log"
    lines = sorted((json.loads(line) for line in path.read_text().splitlines()), key=lambda line: line["log"])
    assert [(line["log"], line["stream"]) for line in lines] == [("err\n", "stderr"), ("out\n", "stdout")]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", lines[0]["time"])


def test_long_lines(cli):
    """A line longer than any buffer comes out as one."""
    cli("run", "-d", "--name", "long", "busybox", "sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end")
    cli("wait", "long")
    assert cli("logs", "long").lines == ["x" * 100000, "end"]


def test_following_the_log_ends_with_the_container(cli):
    cli("run", "-d", "--name", "ticker", *TICKER)
    assert cli("logs", "-f", "ticker", timeout=20).lines == [f"tick {n}" for n in range(30)]


def test_following_from_now(cli):
    cli("run", "-d", "--name", "ticker", *TICKER)
    time.sleep(0.3)
    lines = cli("logs", "-f", "--tail", "0", "ticker", timeout=20).lines
    assert 0 < len(lines) < 30 and lines[-1] == "tick 29"


def test_attach_sees_what_comes(cli):
    cli("run", "-d", "--name", "ticker", *TICKER)
    result = cli("attach", "ticker", timeout=20)
    assert result.lines and result.lines[-1] == "tick 29"


def test_attach_with_half_close(cli):
    """The end of the client's input ends the container's, whose last words still arrive."""
    cli("create", "-i", "--name", "ears", "busybox", "sh", "-c", "cat; echo end; exit 3")
    cli("start", "ears")
    result = cli("attach", "ears", stdin=b"words\n", check=False, timeout=20)
    assert result.out == "words\nend\n" and result.code == 3, result


def test_two_attached_both_hear(cli):
    cli("create", "-i", "--name", "ears", "busybox", "cat")
    cli("start", "ears")
    began = str(time.time())
    listener = cli.spawn("attach", "--no-stdin", "ears")
    told = lambda: cli.daemon.docker("events", "--since", began, "--until", str(time.time()), "--format", "{{.Action}}").lines
    clients.eventually(lambda: "attach" in told(), what="the listener")
    time.sleep(0.5)     # it is told of just before it is done
    assert cli("attach", "ears", stdin=b"words\n", timeout=20).out == "words\n"
    assert listener.communicate(timeout=10)[0] == b"words\n"


def test_start_attached_with_input(cli):
    cli("create", "-i", "--name", "ears", "busybox", "sh", "-c", "cat; exit 2")
    result = cli("start", "-ai", "ears", stdin=b"words", check=False, timeout=20)
    assert (result.code, result.out) == (2, "words")


def test_client_signals_reach_the_container(cli):
    """Ending the client ends the container's program first, by the same signal."""
    child = cli.spawn("run", "--name", "proxy", "busybox", "sh", "-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.1; done")
    assert child.stdout.readline() == b"up\n"
    child.terminate()
    assert child.communicate(timeout=15)[0] == b"bye\n" and child.returncode == 7


def test_vanished_client_harms_nobody(cli):
    child = cli.spawn("run", "--name", "alone", *TICKER, stdout=subprocess.PIPE)
    child.stdout.readline()
    child.kill()
    child.communicate()
    cli("wait", "alone")
    assert cli("logs", "alone").lines == [f"tick {n}" for n in range(30)]


def test_grandchild_that_keeps_the_output_open(cli):
    """The client is not held by a background process that inherited the output."""
    began = time.monotonic()
    assert cli("run", "--rm", "busybox", "sh", "-c", "sleep 1000 & echo done", timeout=20).out == "done\n"
    assert time.monotonic() - began < 6


def test_exec(cli, sleeper):
    """In the container's namespaces, folder and environment; output apart; exit status passed on."""
    result = cli("exec", sleeper, "sh", "-c", "pwd; echo $FROM; echo err >&2; exit 7", check=False)
    assert (result.code, result.out, result.err) == (7, "/tmp\ncontainer\n", "err\n")
    assert cli("exec", sleeper, "cat", "/proc/1/cmdline").out == "sleep\0" + "1000\0"


def test_exec_options(cli, sleeper):
    result = cli("exec", "-u", "user", "-w", "/home", "-e", "MORE=yes", sleeper, "sh", "-c", "id -un; pwd; echo $MORE $HOME")
    assert result.lines == ["user", "/home", "yes /home/user"]


def test_exec_with_input(cli, sleeper):
    assert cli("exec", "-i", sleeper, "sh", "-c", "cat; echo end", stdin=b"data").out == "dataend\n"


def test_exec_detached(cli, sleeper):
    assert cli("exec", "-d", sleeper, "sh", "-c", "echo there >/tmp/mark").out == ""
    clients.eventually(lambda: cli("exec", sleeper, "cat", "/tmp/mark", check=False).out == "there\n", what="the mark")


def test_exec_has_the_containers_capabilities(cli, sleeper):
    assert cli("exec", sleeper, "grep", "CapEff", "/proc/self/status").out.split()[1] == "00000000a80425fb"


@pytest.mark.parametrize("command, code", [("nosuchprogram", 127), ("/notexecutable", 126), ("/etc", 126)])
def test_exec_that_cannot_start(cli, sleeper, command, code):
    result = cli("exec", sleeper, command, check=False)
    assert result.code == code and command in result.both, result


def test_exec_in_a_stopped_one(cli):
    cli("run", "--name", "over", "busybox", "true")
    result = cli("exec", "over", "true", check=False)
    assert result.code == 1 and "is not running" in result.err


def test_exec_ends_with_the_container(cli, sleeper):
    child = cli.spawn("exec", sleeper, "sh", "-c", "echo in; exec sleep 1000")
    assert child.stdout.readline() == b"in\n"
    cli("kill", sleeper)
    child.communicate(timeout=15)
    assert child.returncode == 137


def test_many_short_execs(cli, sleeper):
    """No output is lost however short the program lives."""
    for n in range(20):
        assert cli("exec", sleeper, "echo", f"{n}").out == f"{n}\n"
