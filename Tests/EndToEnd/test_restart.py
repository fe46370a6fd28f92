"""The daemon ends, well or not, and comes back: containers live on, and nothing that happened meanwhile is lost."""
import re
import signal
import time

import pytest

import clients
import dataroot

TICKER = ["busybox", "sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done"]


@pytest.fixture(params=["SIGTERM", "SIGKILL"])
def away(fresh, request):
    """Ends the daemon in one of the two ways."""
    return fresh.stop if request.param == "SIGTERM" else fresh.kill9


def state(daemon, name):
    return daemon.inspect(name, "{{json .State}}")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_running_containers_live_on(fresh, away):
    """Same process, and a log without a gap although nobody was there to hear it."""
    fresh.docker("run", "-d", "--name", "ticker", *TICKER)
    pid = state(fresh, "ticker")["Pid"]
    time.sleep(0.3)
    away()
    assert is_alive(pid)
    time.sleep(0.5)
    fresh.start()
    found = state(fresh, "ticker")
    assert (found["Status"], found["Pid"]) == ("running", pid)
    time.sleep(0.3)
    lines = fresh.docker("logs", "ticker").lines
    assert lines == [str(n) for n in range(len(lines))] and len(lines) > 12
    assert fresh.docker("exec", "ticker", "echo", "here").out == "here\n"
    fresh.docker("stop", "-t", "0", "ticker")
    assert state(fresh, "ticker")["ExitCode"] == 137 and not is_alive(pid)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGILL, signal.SIGABRT], ids=lambda number: number.name)
def test_a_crash_says_where(fresh, number):
    """Its calls are in the log, the service manager sees the signal, and the container doesn't mind."""
    fresh.docker("run", "-d", "--name", "box", "busybox", "sleep", "600")
    fresh.process.send_signal(number)
    assert fresh.process.wait(10) == -number
    log = fresh.logfile.read_text()
    assert f"fatal: ended by signal {number.name} in the thread \"varved\"" in log
    assert re.search(r"/varved\(\+0x[0-9a-f]+\)", log) and "libc.so.6(__libc_start_main+" in log, log
    fresh.start()
    assert fresh.docker("exec", "box", "echo", "here").out == "here\n"


def test_exit_while_it_was_away(fresh, away):
    """Exit status, time of the end and last words are there afterwards."""
    fresh.docker("run", "-d", "--name", "brief", "busybox", "sh", "-c", "sleep 0.5; echo last words; exit 7")
    away()
    time.sleep(1)
    fresh.start()
    found = state(fresh, "brief")
    assert (found["Status"], found["ExitCode"], found["Pid"]) == ("exited", 7, 0)
    assert found["FinishedAt"] > found["StartedAt"]
    assert fresh.docker("logs", "brief").out == "last words\n"
    assert fresh.docker("wait", "brief").out == "7\n"
    fresh.docker("start", "brief")


def test_exit_after_it_came_back(fresh, away):
    fresh.docker("run", "-d", "--name", "later", "busybox", "sh", "-c", "sleep 1.5; exit 6")
    away()
    fresh.start()
    assert fresh.docker("wait", "later").out == "6\n"


def test_rm_flag_holds_over_a_restart(fresh, away):
    """A container of --rm that ended meanwhile is gone, its layers too."""
    fresh.docker("run", "-d", "--rm", "--name", "brief", "busybox", "sleep", "0.5")
    away()
    time.sleep(1)
    fresh.start()
    clients.eventually(lambda: fresh.docker("ps", "-aq").out == "", what="the removal")
    clients.eventually(lambda: not dataroot.problems(fresh), what="a consistent data root")


def test_attach_after_a_restart(fresh, away):
    """Input and output of a container whose daemon changed."""
    fresh.docker("create", "-i", "--name", "ears", "busybox", "sh", "-c", "cat; echo end; exit 3")
    fresh.docker("start", "ears")
    away()
    fresh.start()
    result = fresh.docker("attach", "ears", stdin=b"words\n", check=False, timeout=20)
    assert (result.code, result.out) == (3, "words\nend\n")


def test_everything_is_remembered(fresh, away):
    """Images, names and containers in every state."""
    fresh.docker("tag", "busybox", "copy:v1")
    fresh.docker("create", "--name", "created", "busybox", "sleep", "100")
    fresh.docker("run", "--name", "ended", "busybox", "sh", "-c", "echo said; exit 3", check=False)
    before = [sorted(fresh.docker("images", "--no-trunc").lines), fresh.docker("inspect", "created", "ended").out]
    away()
    fresh.start()
    assert [sorted(fresh.docker("images", "--no-trunc").lines), fresh.docker("inspect", "created", "ended").out] == before
    assert fresh.docker("logs", "ended").out == "said\n"
    fresh.docker("start", "created")
    assert fresh.docker("start", "-a", "ended", check=False).out == "said\n"


def test_terminal_over_a_restart(fresh, away):
    fresh.docker("run", "-dit", "--name", "term", "busybox", "sh")
    away()
    fresh.start()
    with clients.Client(fresh, "docker").terminal("attach", "term") as child:
        child.sendline("echo again-$((40+2))")
        child.expect("again-42")
        child.sendline("exit 4")
        assert clients.ended(child)[1] == 4


def test_running_containers_live_on_under_another_driver(fresh, make_daemon):
    """Those that a daemon does not show, because another driver has them, are not its to end."""
    fresh.docker("run", "-d", "--name", "ticker", *TICKER)
    pid = state(fresh, "ticker")["Pid"]
    fresh.stop()
    other = make_daemon("overlay2" if fresh.driver == "vfs" else "vfs", data_root=fresh.data_root, start=False)
    other.exec_root = fresh.exec_root
    other.start()
    assert other.docker("ps", "-aq").out == ""
    time.sleep(0.3)
    other.stop()
    assert is_alive(pid)
    fresh.start()
    assert state(fresh, "ticker")["Pid"] == pid
    fresh.docker("stop", "-t", "0", "ticker")


def test_stopping_the_daemon_releases_its_data_root(fresh):
    """The pid file and the socket are gone, and the next one starts at once."""
    fresh.stop()
    assert not fresh.pidfile.exists() and not fresh.socket.exists()
    fresh.start()
    assert fresh.docker("run", "--rm", "busybox", "echo", "hi").out == "hi\n"


def test_stale_socket_and_pid_file(fresh):
    """What a crash left of them is no obstacle."""
    fresh.kill9()
    assert fresh.socket.exists() and fresh.pidfile.exists()
    fresh.start()
    assert fresh.pidfile.read_text().strip() == str(fresh.process.pid)
