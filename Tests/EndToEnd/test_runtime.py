"""`varve-runtime` as an OCI runtime: the life of a container by the runtime-spec, each case with runc as the control."""
import itertools
import json
import os
import signal

import pytest

import bundles
from clients import eventually

counter = itertools.count(1)


@pytest.fixture(params=list(bundles.RUNTIMES))
def runtime(request, place):
    if reason := bundles.MISSING.get(request.param):
        pytest.skip(reason)
    made = bundles.Runtime(request.param, place)
    yield made
    made.clean()


@pytest.fixture
def ours(place):
    made = bundles.Runtime("varve-runtime", place)
    yield made
    made.clean()


@pytest.fixture
def bundle(place):
    return bundles.Bundle(place / f"bundle{next(counter)}", bundles.layer(place))


def test_life(runtime, bundle):
    """create, start, state, kill, delete; and what each refuses at the wrong moment."""
    bundle.spec["annotations"] = {"org.example.key": "value"}
    bundle.shell("echo begun >/begun; sleep 100")
    runtime.create(bundle)
    state = runtime.state()
    assert state["status"] == "created" and state["id"] == "box" and state["bundle"] == str(bundle.folder), state
    assert state["annotations"] == {"org.example.key": "value"} and state["ociVersion"].startswith("1."), state
    assert os.path.exists(f"/proc/{state['pid']}") and not (bundle.tree / "begun").exists()
    runtime.fails("create", "--bundle", bundle.folder, "box", saying="exist")
    runtime("start", "box")
    assert runtime.state() == {**state, "status": "running"}
    eventually(lambda: (bundle.tree / "begun").exists())
    runtime.fails("start", "box", saying="cannot start")
    runtime.fails("delete", "box", saying="not stopped")
    runtime("kill", "box", "KILL")
    runtime.reaches("stopped")
    runtime.fails("kill", "box", "KILL", saying="not running")
    runtime.fails("start", "box", saying="cannot start")
    runtime("delete", "box")
    runtime.fails("state", "box", saying="does not exist")


@pytest.mark.parametrize("command", ["state", "start", "kill", "delete", "exec", "pause", "resume", "ps"])
def test_unknown_ids(runtime, command):
    runtime.fails(command, "nosuch", *(["true"] if command == "exec" else []), saying="does not exist")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "é"])
def test_ids_that_are_none(runtime, bundle, name):
    bundle.write()
    runtime.fails("create", "--bundle", bundle.folder, name)


def test_created_is_deleted_only_by_force(ours, bundle):
    """As the specification says; runc deletes it all the same."""
    ours.create(bundle)
    pid = ours.state()["pid"]
    ours.fails("delete", "box", saying="not stopped: created")
    assert ours.status() == "created"
    ours("delete", "--force", "box")
    eventually(lambda: bundles.is_gone(pid), what="its process to end")
    ours("delete", "--force", "box")


def test_created_is_killed(runtime, bundle):
    runtime.create(bundle)
    runtime("kill", "box", "KILL")
    runtime.reaches("stopped")


@pytest.mark.parametrize("name", ["TERM", "SIGTERM", "15", "USR1", "10"])
def test_signals(runtime, bundle, name):
    bundle.shell("trap 'echo TERM >/got; exit' TERM; trap 'echo USR1 >/got; exit' USR1; touch /ready; while :; do sleep 0.1; done")
    runtime.create(bundle)
    runtime("start", "box")
    eventually(lambda: (bundle.tree / "ready").exists())
    runtime("kill", "box", name)
    runtime.reaches("stopped")
    assert (bundle.tree / "got").read_text() == ("USR1\n" if name in ("USR1", "10") else "TERM\n")
    runtime("delete", "box")


def test_kill_all(runtime, bundle):
    """Without a pid namespace of its own what it started outlives its first process."""
    bundle.linux["namespaces"] = [n for n in bundle.linux["namespaces"] if n["type"] != "pid"]
    bundle.shell("sleep 1234 & echo $! >/child; wait")
    runtime.create(bundle)
    runtime("start", "box")
    eventually(lambda: (bundle.tree / "child").exists() and (bundle.tree / "child").read_text())
    runtime("kill", "--all", "box", "KILL")
    runtime.reaches("stopped")
    eventually(lambda: bundles.is_gone(int((bundle.tree / "child").read_text())), what="its child to end")


def test_pid_file(runtime, bundle, place):
    runtime.create(bundle, "box", "--pid-file", place / "pid")
    assert (place / "pid").read_text() == str(runtime.state()["pid"])


def test_parent_collects_the_status(runtime, bundle, place):
    """The first process becomes the child of who adopts: that is how conmon and containerd's shim learn how it ended."""
    bundle.process["args"] = ["sh", "-c", "exit 7"]
    with bundles.adopting():
        runtime.create(bundle)
        pid = runtime.state()["pid"]
        runtime("start", "box")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert runtime.status() == "stopped"
    runtime("delete", "box")


def test_config_is_read_once(runtime, bundle):
    bundle.shell("echo old >/which")
    runtime.create(bundle)
    bundle.shell("echo new >/which")
    bundle.write()
    runtime("start", "box")
    eventually(lambda: (bundle.tree / "which").exists() and (bundle.tree / "which").read_text())
    assert (bundle.tree / "which").read_text() == "old\n"
    runtime.reaches("stopped")


def test_run_returns_status_and_streams(runtime, bundle):
    bundle.shell("echo out; echo err >&2; read line; echo $line; exit 3")
    (bundle.folder / "input").write_text("typed\n")
    with open(bundle.folder / "input") as stdin:
        result = runtime.run(bundle, check=False, stdin=stdin)
    assert (result.code, result.out, result.err) == (3, "out\ntyped\n", "err\n")
    runtime.fails("state", "box", saying="does not exist")


def test_run_detached(runtime, bundle):
    runtime.run(bundle, "-d")
    assert runtime.status() == "running"


def test_run_passes_signals_on(ours, bundle):
    bundle.shell("trap 'exit 9' TERM; touch /ready; while :; do sleep 0.1; done")
    bundle.write()
    process = bundles.background(ours, "run", "--bundle", bundle.folder, "box")
    eventually(lambda: (bundle.tree / "ready").exists())
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 9


def test_list(runtime, bundle):
    runtime.create(bundle)
    rows = json.loads(runtime("list", "-f", "json").out)
    assert [(row["id"], row["status"], row["bundle"]) for row in rows] == [("box", "created", str(bundle.folder))]
    assert runtime("list", "-q").out == "box\n"
    header, line = runtime("list").lines
    assert header.split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    assert line.split()[:4] == ["box", str(runtime.state()["pid"]), "created", str(bundle.folder)]


def test_pause_and_resume(runtime, bundle):
    bundle.shell("i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.02; done")
    runtime.run(bundle, "-d")
    runtime("pause", "box")
    assert runtime.status() == "paused"
    runtime.fails("exec", "box", "true", saying="paused")
    before = (bundle.tree / "count").read_text()
    runtime("resume", "box")
    assert runtime.status() == "running"
    eventually(lambda: (bundle.tree / "count").read_text() != before)
    runtime.fails("resume", "box", saying="not paused")


def test_paused_is_killed(runtime, bundle):
    runtime.run(bundle, "-d")
    runtime("pause", "box")
    runtime("kill", "box", "KILL")
    runtime.reaches("stopped")


def test_ps(runtime, bundle):
    runtime.run(bundle, "-d")
    pid = runtime.state()["pid"]
    assert json.loads(runtime("ps", "--format", "json", "box").out) == [pid]
    header, *lines = runtime("ps", "box").lines
    assert [line.split()[1] for line in lines] == [str(pid)] and "PID" in header


def test_streams_and_log_say_why(ours, bundle, place):
    """Callers read the last error of the JSON log."""
    log = place / "runtime.log"
    bundle.process["args"] = ["nosuchprogram"]
    bundle.write()
    result = ours("--log", log, "--log-format", "json", "run", "--bundle", bundle.folder, "box", check=False)
    assert result.code == 1 and "executable file not found in $PATH" in result.err, result
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["level"] == "error" and "executable file not found in $PATH" in last["msg"] and last["time"]
