"""What containers have said: which part of it, by which driver, and while it is rotated."""
import json
import os
import re
import signal
import subprocess
import time

import pytest

import clients
import engine as engines
from talkers import DRIVER, FORMS, daemon, folder, numbers, said, sh     # pylint: disable=unused-import


def count_to(last, pause="", first=1):
    """A script that says the numbers, one a line."""
    return f"i={first}; while [ $i -le {last} ]; do echo $i; i=$((i+1)); {pause}; done" if pause else f"seq {first} {last}"


# MARK: Options


@pytest.mark.parametrize("flags, reason", [
    (["--log-opt", "max-size=abc"], "invalid size: 'abc'"),
    (["--log-opt", "max-file=0"], "max-file cannot be less than 1"),
    (["--log-opt", "compress=true"], "compress cannot be true when max-file is less than 2 or max-size is not set"),
    (["--log-opt", "nope=1"], "unknown log opt 'nope' for json-file log driver"),
    (["--log-opt", "labels-regex=("], "error parsing regexp"),
    (["--log-opt", "tag={{.Nope}}"], "{{.Nope}} means nothing here"),
    (["--log-opt", "mode=x"], "logging mode not supported: x"),
    (["--log-driver", "local", "--log-opt", "labels=a"], "unknown log opt 'labels' for log driver local"),
    (["--log-driver", "journald"], "no log driver named 'journald' is registered; there are json-file, local, none"),
])
def test_wrong_options_are_refused_at_create(daemon, flags, reason):
    refused = daemon.docker("create", "--name", "box", *flags, "busybox", "true", check=False)
    assert refused.code != 0 and reason in refused.err
    assert not daemon.docker("ps", "-aq").out


def test_none_has_nothing_to_show(daemon):
    sh(daemon, "echo lost", "--log-driver", "none")
    refused = daemon.docker("logs", "box", check=False)
    assert "configured logging driver does not support reading" in refused.err
    assert not list(folder(daemon).glob("*log*"))


def test_details(daemon):
    flags = ["--label", "l=v w", "-e", "E=x", "--log-opt", "labels=l,q", "--log-opt", "env=E", "--log-opt", "tag={{.Name}}/{{.ImageName}}"]
    sh(daemon, "echo hi", *flags)
    assert daemon.docker("logs", "--details", "box").out == "E=x,l=v+w,tag=box%2Fbusybox hi\n"
    assert re.match(r"2\S+Z E=x,l=v\+w,tag=box%2Fbusybox hi\n", daemon.docker("logs", "--details", "-t", "box").out)
    assert daemon.docker("logs", "box").out == "hi\n"
    (line,) = (folder(daemon) / f"{folder(daemon).name}-json.log").read_text().splitlines()
    assert json.loads(line)["attrs"] == {"E": "x", "l": "v w", "tag": "box/busybox"}


@pytest.mark.parametrize("way", ["flags", "file"])
def test_the_daemons_own_choice(make_daemon, busybox_tar, way):
    """Containers that name no driver get the daemon's; those that name another, none of its options."""
    flags = {"arguments": ["--log-driver", "local", "--log-opt", "max-size=1m", "--log-opt", "max-file=3"]}
    file = {"config": {"log-driver": "local", "log-opts": {"max-size": "1m", "max-file": "3"}}}
    daemon = make_daemon(DRIVER, **(flags if way == "flags" else file))
    daemon.docker("load", "-i", busybox_tar)
    assert daemon.docker("info", "-f", "{{.LoggingDriver}} {{json .Plugins.Log}}").out == 'local ["json-file","local","none"]\n'
    sh(daemon, "echo hi", "--log-opt", "max-file=4")
    assert daemon.inspect("box", "{{json .HostConfig.LogConfig}}") == {"Type": "local", "Config": {"max-size": "1m", "max-file": "4"}}
    assert daemon.docker("logs", "box").out == "hi\n" and not daemon.inspect("box", "{{json .LogPath}}")
    sh(daemon, "echo ho", "--log-driver", "json-file", name="other")
    assert daemon.inspect("other", "{{json .HostConfig.LogConfig}}") == {"Type": "json-file", "Config": {}}
    assert daemon.docker("logs", "other").out == "ho\n"


@pytest.mark.parametrize("config, reason", [
    ({"log-driver": "nosuch"}, "no log driver named 'nosuch'"), ({"log-opts": {"nope": "1"}}, "unknown log opt 'nope'"),
    ({"log-opts": {"max-size": "x"}}, "invalid size: 'x'"), ({"log-opts": ["max-size=1m"]}, "log-opts must be an object of texts"),
])
def test_wrong_options_are_refused_at_the_daemons_start(make_daemon, config, reason):
    daemon = make_daemon(DRIVER, start=False, config=config)
    done = engines.run(daemon.argv(), timeout=20)
    assert done.code != 0 and reason in done.both


# MARK: Parts of a log


def test_tail_and_follow(daemon):
    sh(daemon, "seq 1 5; until [ -e /go ]; do sleep 0.05; done; seq 6 8", wait=False)
    clients.eventually(lambda: len(daemon.docker("logs", "box").lines) == 5)
    follower = daemon.spawn("logs", "--tail", "2", "-f", "box")
    try:
        # It follows: its tail was read, and the rest is not said yet.
        first = [follower.stdout.readline() for _ in range(2)]
        daemon.docker("exec", "box", "touch", "/go")
        rest = follower.communicate(timeout=20 * engines.PATIENCE)[0]
    finally:
        follower.kill()
        follower.wait()
    assert numbers(b"".join(first) + rest) == [4, 5, 6, 7, 8]


def test_following_ends_at_until(daemon):
    sh(daemon, "while :; do echo x; sleep 0.1; done", wait=False)
    until = time.time() + 2
    lines = daemon.docker("logs", "-f", "-t", "--until", f"{until:.3f}", "box", timeout=20).lines
    assert until <= time.time() < until + 2 * engines.PATIENCE and len(lines) > 5
    assert not daemon.docker("logs", "-f", "--until", "1", "box", timeout=20).out


def test_following_goes_on_over_restarts(daemon):
    sh(daemon, "echo run; sleep 0.3; exit 1", "--restart", "on-failure:2", wait=False)
    assert daemon.docker("logs", "-f", "box", timeout=30).out == "run\n" * 3
    assert daemon.inspect("box", "{{json .State.Status}}") == "exited"


@pytest.mark.parametrize("form", FORMS)
def test_since_and_until(daemon, form):
    sh(daemon, count_to(6, "sleep 0.2"), "--log-driver", form)
    lines = [line.split() for line in daemon.docker("logs", "-t", "box").lines]
    assert [int(number) for _, number in lines] == [1, 2, 3, 4, 5, 6]
    part = daemon.docker("logs", "--since", lines[2][0], "--until", lines[4][0], "box").out
    assert numbers(part) == [int(number) for at, number in lines if lines[2][0] <= at <= lines[4][0]]


# MARK: Rotation


def test_goes_on_when_it_can_be_written_again(daemon, tmp_path):
    """A file that can't be opened at a rotation loses what is said meanwhile, and nothing that is said later."""
    script = "echo first; until [ -e /flags/go ]; do sleep 0.05; done; seq 1 1000; touch /flags/said; "
    script += "until [ -e /flags/again ]; do sleep 0.05; done; while :; do echo more; sleep 0.1; done"
    sh(daemon, script, "-v", f"{tmp_path}:/flags", "--stop-timeout", "0", "--log-opt", "max-size=10k", "--log-opt", "max-file=3", wait=False)
    clients.eventually(lambda: daemon.docker("logs", "box").lines == ["first"])
    place = folder(daemon)
    log = place / f"{place.name}-json.log"
    old = place / f"{log.name}.1"
    old.write_bytes(log.read_bytes())
    log.unlink()
    # Nothing can be made, renamed or removed in it.
    subprocess.run(["chattr", "+i", place], check=True)
    try:
        (tmp_path / "go").touch()
        clients.eventually((tmp_path / "said").exists, what="a thousand lines")
    finally:
        subprocess.run(["chattr", "-i", place], check=True)
    (tmp_path / "again").touch()
    clients.eventually(lambda: log.exists() and "more" in log.read_text(), what="the log's going on")
    assert daemon.docker("logs", "--tail", "1", "box").out == "more\n" and '"first\\n"' in old.read_text()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("compress", ["true", "false"])
def test_no_line_is_lost_by_rotation(daemon, form, compress):
    """Followers and later readers get each line once, while files are renamed and compressed under them."""
    flags = ["--log-driver", form, "--log-opt", "max-size=20k", "--log-opt", "max-file=1000", "--log-opt", f"compress={compress}"]
    sh(daemon, "read start; " + ("seq 1 2000; sleep 0.2; " * 4) + "seq 1 2000", "-i", *flags, wait=False)
    followers = [daemon.spawn("logs", "-f", "box") for _ in range(3)]
    daemon.docker("attach", "--sig-proxy=false", "box", stdin=b"\n", timeout=120)
    expected = list(range(1, 2001)) * 5
    for follower in followers:
        out, _ = follower.communicate(timeout=60 * engines.PATIENCE)
        assert numbers(out.decode()) == expected
    assert numbers(daemon.docker("logs", "box").out) == expected
    assert numbers(daemon.docker("logs", "--tail", "5555", "box").out) == expected[-5555:]
    files = [path.name for path in folder(daemon).rglob("*log.*")]
    assert len(files) > 5 and any(name.endswith(".gz") for name in files) == (compress == "true")


def test_no_more_files_than_asked_for(daemon):
    """The oldest go; what there is ends with the newest line."""
    flags = ["--log-opt", "max-size=10k", "--log-opt", "max-file=3"]
    sh(daemon, "seq 1 3000", *flags)
    files = sorted(path.name.split("log")[-1] for path in folder(daemon).glob("*-json.log*"))
    assert files == ["", ".1", ".2"]
    assert all(path.stat().st_size < 10200 for path in folder(daemon).glob("*-json.log*"))
    left = numbers(daemon.docker("logs", "box").out)
    assert left == list(range(left[0], 3001)) and len(left) > 200


def monitor(daemon, name="box"):
    """The process above the container's first one."""
    with open(f"/proc/{daemon.inspect(name, '{{json .State.Pid}}')}/stat", encoding="utf-8") as file:
        return int(file.read().rsplit(")", 1)[1].split()[1])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pause", [0.01, 0.1, 0.3])
def test_a_killed_monitor_loses_no_earlier_line(daemon, form, pause):
    """In the middle of rotating and compressing; and the next run goes on behind what was whole."""
    flags = ["--log-driver", form, "--log-opt", "max-size=50k", "--log-opt", "max-file=100000", "--log-opt", "compress=true"]
    sh(daemon, "seq 1 20000; sleep 1000", *flags, wait=False)
    clients.eventually(lambda: list(folder(daemon).rglob("*log.1*")), what="a rotation")
    time.sleep(pause)
    os.kill(monitor(daemon), signal.SIGKILL)
    clients.eventually(lambda: not daemon.inspect("box", "{{json .State.Running}}"), what="the end")
    before = numbers(daemon.docker("logs", "box").out)
    assert before == list(range(1, len(before) + 1)) and before
    daemon.docker("start", "box")
    tail = lambda: numbers(daemon.docker("logs", "--tail", "1", "box").out)
    clients.eventually(lambda: tail() and daemon.docker("logs", "box").out.count("\n") > len(before) + 10)
    daemon.docker("kill", "box")
    after = numbers(daemon.docker("logs", "box").out)
    assert after[:len(before)] == before and after[len(before):] == list(range(1, len(after) - len(before) + 1))
