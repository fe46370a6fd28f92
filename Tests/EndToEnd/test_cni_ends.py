"""Plug-ins that go wrong, and daemons that do: what was given is given back whatever happens in between."""
import json
import os
import pathlib
import shutil
import subprocess
import time

import pytest

import cni
import leaks
import remapped
from cni import PLUGINS, eventually, fails, plug_in_rules, sh


driver, shared, lists, tidy = cni.driver, cni.shared, cni.lists, cni.tidy


# MARK: Plug-ins that go wrong


@pytest.mark.parametrize("act, words", [
    ("""echo '{"cniVersion": "1.0.0", "code": 107, "msg": "no more", "details": "of anything"}'; exit 1""", "plug-in script refused ADD: no more: of anything (code 107)"),
    ("echo oops >&2; exit 4", "plug-in script failed at ADD with status 4: oops"),
    ("echo rubbish; exit 0", "answered ADD with what is no result"),
    ("""echo '{"ips": [{"address": "x"}]}'; exit 0""", "ips[0].address"),
    ("exec cat /dev/zero", "answered ADD with more than 1048576 bytes, and was killed"),
])
def test_plug_ins_that_fail(tidy, engine, lists, act, words):
    lists.act("ADD", act)
    failed = tidy("run", "--name", "box", "--network", "odd", "busybox", "true", check=False)
    assert failed.code == 125 and words in failed.err and "network odd" in failed.err and "odd.conflist" in failed.err
    assert [line.split()[0] for line in lists.log] == ["ADD", "DEL"]
    lists.forget()
    assert tidy("start", "-a", "box").code == 0


def test_a_plug_in_that_hangs(tidy, engine, lists):
    """It is killed, with what it has started; meanwhile the daemon does other things."""
    lists.act("ADD", f"echo $$ >{lists.scripts}/pid; sleep 600")
    began = time.monotonic()
    hanging = subprocess.Popen(["docker", "-H", engine.host, "run", "--name", "box", "--network", "odd", "busybox", "true"], stderr=subprocess.PIPE, text=True)
    eventually((lists.scripts / "pid").exists, True)
    assert tidy("run", "--rm", "--network", "plain", "busybox", "echo", "up").out == "up\n"
    assert "within 30 seconds, and was killed" in hanging.communicate(timeout=60)[1] and time.monotonic() - began < 45
    assert not pathlib.Path(f"/proc/{(lists.scripts / 'pid').read_text().strip()}").exists()
    (lists.scripts / "pid").unlink()


def test_a_plug_in_that_is_missing(tidy, lists):
    path = lists.write("gone", lists.bridge("vcni9", "10.70.8.0/24"), {"type": "nowhere"})
    failed = tidy("run", "--rm", "--network", "gone", "busybox", "true", check=False)
    assert "plug-in nowhere is not in" in failed.err and "--cni-bin-dir" in failed.err
    path.unlink()


def test_an_end_that_fails_is_tried_again(tidy, engine, lists):
    """By the next daemon, in the same namespace."""
    tidy("run", "-d", "--name", "box", "--network", "odd", "busybox", "sleep", "600")
    lists.act("DEL", "echo not now >&2; exit 1")
    tidy("rm", "-f", "box")
    eventually(lambda: "not now" in engine.logfile.read_text(), True)
    lists.forget()
    assert len(leaks.mounts_below(engine.exec_root / "cni")) == 1
    engine.restart()
    eventually(lambda: len(lists.log), 1)
    (line,) = lists.log
    assert line.startswith(f"DEL eth0 netns={engine.exec_root}/cni/") and '"prevResult":' in line
    eventually(lambda: leaks.mounts_below(engine.exec_root / "cni"), [])


def test_an_end_that_failed_leaves_the_next_run_alone(tidy, engine, lists):
    """What is still to be undone of the run before is not undone in the namespace of this one."""
    tidy("run", "-d", "--name", "box", "--network", "odd", "busybox", "sleep", "600")
    lists.act("DEL", "exit 1")
    tidy("restart", "-t", "0", "box")
    assert [line.split()[0] for line in lists.log] == ["ADD", "DEL", "DEL", "ADD"]
    (held,) = leaks.mounts_below(engine.exec_root / "cni")
    assert os.stat(held).st_ino == os.stat(f"/proc/{engine.inspect('box', '{{json .State.Pid}}')}/ns/net").st_ino
    lists.forget()
    tidy("rm", "-f", "box")
    assert [line.split()[:3] for line in lists.log] == [["DEL", "eth0", f"netns={held}"], ["DEL", "eth0", "netns="]]


def test_a_note_that_can_t_be_read(tidy, engine, lists):
    """It stays, with the namespace, until somebody has mended it."""
    tidy("run", "-d", "--name", "box", "--network", "odd", "busybox", "sleep", "600")
    (note,) = (engine.data_root / "varve/cni").iterdir()
    text = note.read_text()
    note.write_text(text[:40])
    tidy("kill", "box")
    eventually(lambda: f"stands in {note}, which can't be read" in engine.logfile.read_text(), True)
    fails(tidy, f"{note}, which can't be read", "start", "box")
    engine.restart()
    assert note.read_text() == text[:40] and leaks.mounts_below(engine.exec_root / "cni")
    note.write_text(text)
    (note.parent / ".tmp-left").write_text("")
    engine.restart()
    eventually(lambda: (note.exists(), [line.split()[0] for line in lists.log]), (False, ["ADD", "DEL"]))
    assert tidy("start", "box").code == 0


# MARK: Ends


@pytest.mark.parametrize("during", ["running", "ended", "removed"])
def test_a_daemon_that_is_killed(tidy, engine, lists, during):
    """What a container has it keeps; what one had that ended meanwhile is given back, rules too."""
    tidy("run", "-d", "--name", "box", "--network", "shop", "-p", "8273:80", "busybox", "sleep", "600")
    shown = engine.inspect("box", "{{json .NetworkSettings}}")
    pid = engine.inspect("box", "{{json .State.Pid}}")
    engine.kill9()
    if during != "running":
        subprocess.run(["kill", "-9", str(pid)], check=True)
        eventually(lambda: pathlib.Path(f"/proc/{pid}").exists(), False)
    if during == "removed":
        (folder,) = (engine.data_root / "containers").iterdir()
        shutil.rmtree(folder)
    engine.start()
    if during == "running":
        assert engine.inspect("box", "{{json .NetworkSettings}}")["Networks"] == shown["Networks"]
        assert engine.inspect("box", "{{json .NetworkSettings}}")["Ports"] == shown["Ports"]
        assert len(lists.left()) == 1 and plug_in_rules()
    else:
        eventually(lambda: (lists.left(), plug_in_rules()), ([], []))


def test_a_daemon_begins_while_a_plug_in_hangs(tidy, engine, lists):
    """What ended without a daemon is given back while it serves; who starts it again waits for that."""
    tidy("run", "-d", "--name", "box", "--network", "odd", "busybox", "sleep", "600")
    pid = engine.inspect("box", "{{json .State.Pid}}")
    engine.kill9()
    lists.act("DEL", f"echo $$ >{lists.scripts}/pid; exec sleep 600")
    subprocess.run(["kill", "-9", str(pid)], check=True)
    eventually(pathlib.Path(f"/proc/{pid}").exists, False)
    began = time.monotonic()
    engine.start()
    assert tidy("ps", "-aq").lines and time.monotonic() - began < 10
    eventually((lists.scripts / "pid").exists, True)
    starting = subprocess.Popen(["docker", "-H", engine.host, "start", "box"])
    with pytest.raises(subprocess.TimeoutExpired):
        starting.wait(1)
    (lists.scripts / "act-DEL").unlink()
    subprocess.run(["kill", "-9", (lists.scripts / "pid").read_text().strip()], check=True)
    assert starting.wait(20) == 0
    assert [line.split()[0] for line in lists.log] == ["ADD", "DEL", "DEL", "ADD"]
    (lists.scripts / "pid").unlink()


def test_a_container_that_is_not_loaded(tidy, engine, lists):
    """Another driver's, for example: it may run, and so keeps what it has."""
    tidy("run", "-d", "--name", "box", "--network", "shop", "-p", "8278:80", "busybox", "sleep", "600")
    (record,) = (engine.data_root / "containers").glob("*/config.v2.json")
    text = record.read_text()
    before = lists.left(), plug_in_rules()
    engine.kill9()
    changed = {**json.loads(text), "Driver": "another"}
    record.write_text(json.dumps(changed))
    engine.start()
    assert tidy("ps", "-aq").lines == []
    time.sleep(1)       # it would be done after the start
    assert (lists.left(), plug_in_rules()) == before != ([], [])
    engine.kill9()
    record.write_text(text)
    engine.start()
    assert sh(engine, "box", "ip route").startswith("default via 10.70.1.1")


def test_a_daemon_that_is_killed_while_a_plug_in_runs(tidy, engine, lists):
    """The next one takes back what may have been begun; the container starts as if nothing had been."""
    tidy("create", "--name", "box", "--network", "odd", "busybox", "sleep", "600")
    lists.act("ADD", f"echo $$ >{lists.scripts}/pid; sleep 3")
    starting = subprocess.Popen(["docker", "-H", engine.host, "start", "box"], stderr=subprocess.DEVNULL)
    eventually((lists.scripts / "pid").exists, True)
    engine.kill9()
    starting.wait(20)
    (lists.scripts / "act-ADD").unlink()
    pid = pathlib.Path(f"/proc/{(lists.scripts / 'pid').read_text().strip()}")
    eventually(pid.exists, False)
    engine.start()
    eventually(lambda: [line.split()[0] for line in lists.log], ["ADD", "DEL"])
    assert tidy("start", "box").code == 0 and engine.inspect("box", "{{json .State.Running}}")
    (lists.scripts / "pid").unlink()


def test_ids_of_its_own(make_daemon, driver, busybox_tar, lists):
    """A container whose root is nobody on the host, and owns its network."""
    flags = ["--cni-conf-dir", lists.folder, "--cni-bin-dir", PLUGINS]
    with remapped.given_ids():
        engine = remapped.remapping_daemon(lambda *a, arguments, **k: make_daemon(*a, arguments=[*arguments, *flags], **k), driver, busybox_tar)
        assert remapped.says(engine, "ping -c1 -W2 10.70.1.1 >/dev/null && echo fine", "--network", "shop") == "fine"
        engine.stop()
        assert lists.left() == []
        engine.start()


def test_a_list_that_is_gone(tidy, engine, lists):
    """While a container is in its network: it is given back as it was taken."""
    path = lists.write("brief", lists.bridge("vcni8", "10.70.6.0/24"))
    tidy("run", "-d", "--name", "box", "--network", "brief", "busybox", "sleep", "600")
    path.unlink()
    assert engine.inspect("box", "{{json .NetworkSettings}}")["Networks"]["brief"]["IPAddress"].startswith("10.70.6.")
    fails(tidy, f"network brief has active endpoints: {path}, which described it, is gone", "network", "rm", "brief")
    engine.restart()
    assert len(lists.left()) == 1
    tidy("rm", "-f", "box")
    assert lists.left() == []
    failed = tidy("run", "--rm", "--network", "brief", "busybox", "true", check=False)
    assert "network brief not found" in failed.err


def test_what_plug_ins_say_of_names(tidy, engine, lists):
    lists.act("ADD", """echo '{"ips": [{"address": "10.70.9.9/24"}], "dns": {"nameservers": ["10.70.9.1"], "search": ["shop.test"], "options": ["ndots:3"]}}'; exit 0""")
    flags = ["--network", "odd"]
    said = tidy("run", "--rm", *flags, "busybox", "cat", "/etc/resolv.conf").out
    assert "nameserver 10.70.9.1" in said and "search shop.test" in said and "options ndots:3" in said and said.count("nameserver") == 1
    said = tidy("run", "--rm", *flags, "--dns", "10.1.1.1", "busybox", "cat", "/etc/resolv.conf").out
    assert "nameserver 10.1.1.1" in said and "10.70.9.1" not in said


@pytest.mark.parametrize("config, words", [
    ({"cni-conf-dir": ""}, "cni-conf-dir is empty"), ({"cni-bin-dir": "x"}, "cni-bin-dir must be a list of texts"),
    ({"cni-bin-dir": ["/a:/b"]}, "cni-bin-dir '/a:/b' has a colon"),
])
def test_settings_that_make_no_sense(make_daemon, driver, config, words):
    daemon = make_daemon(driver, start=False, config=config)
    said = subprocess.run([*daemon.argv(), "--validate"], capture_output=True, text=True, timeout=20)
    assert said.returncode != 0 and words in said.stderr, said.stderr
