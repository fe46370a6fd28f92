"""Hooks of `varve-runtime`: when each is run, what it is told, and what becomes of a container where one fails."""
import json
import time

import pytest

import engine
from test_runtime import bundle, ours, runtime  # noqa: F401

HOOKS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]


def hook(place, name, more="true", **fields):
    """Notes its name, where it is, and what it is told."""
    script = f"[ -e /bin/busybox ] && [ ! -e /usr ] && where=inside; echo {name} ${{where:-host}} $(cat) >>{place}; {more}"
    return {"path": "/bin/sh", "args": ["sh", "-c", script], **fields}


def test_hooks(runtime, bundle):
    """In their order, each with the container's state on its input; that of the start runs inside."""
    log = bundle.folder / "hooks"
    bundle.spec["hooks"] = {name: [hook(log, name)] for name in HOOKS if name != "startContainer"}
    bundle.spec["hooks"]["startContainer"] = [hook("/inside", "startContainer")]
    bundle.spec["annotations"] = {"a": "b"}
    bundle.shell("echo begun >/begun")
    runtime.create(bundle)
    pid = runtime.state()["pid"]
    assert not (bundle.tree / "inside").exists() and not (bundle.tree / "begun").exists()
    runtime("start", "box")
    runtime.reaches("stopped")
    runtime("delete", "box")
    lines = [line.split(" ", 2) for line in log.read_text().splitlines() + (bundle.tree / "inside").read_text().splitlines()]
    states = {name: json.loads(state) for name, _, state in lines}
    assert [name for name, _, _ in lines] == ["prestart", "createRuntime", "createContainer", "poststart", "poststop", "startContainer"]
    assert [where for _, where, _ in lines] == ["host"] * 5 + ["inside"]
    assert all(s["id"] == "box" and s["bundle"] == str(bundle.folder) and s["annotations"] == {"a": "b"} for s in states.values()), states
    assert states["prestart"]["pid"] == states["createRuntime"]["pid"] == pid
    assert [states[name]["status"] for name in ("createRuntime", "createContainer", "startContainer", "poststop")] == [
        "creating", "creating", "created", "stopped",
    ]


def test_poststart_follows_the_start(ours, bundle):
    """runc 1.1 runs it too early."""
    bundle.spec["hooks"] = {"poststart": [hook(bundle.folder / "hooks", "poststart")]}
    ours.create(bundle)
    assert not (bundle.folder / "hooks").exists()
    ours("start", "box")
    assert '"running"' in (bundle.folder / "hooks").read_text()


@pytest.mark.parametrize("name", ["prestart", "createRuntime", "createContainer"])
def test_hooks_that_fail_end_the_creation(runtime, bundle, name):
    log = bundle.folder / "hooks"
    bundle.spec["hooks"] = {name: [hook(log, name, "echo because >&2; exit 3"), hook(log, "second")], "poststop": [hook(log, "poststop")]}
    bundle.write()
    runtime.fails("create", "--bundle", bundle.folder, "box", saying="because")
    runtime.fails("state", "box", saying="does not exist")
    assert [line.split()[0] for line in log.read_text().splitlines()] == [name, "poststop"]


def test_hook_of_the_start_that_fails(runtime, bundle):
    bundle.spec["hooks"] = {"startContainer": [{"path": "/bin/false"}]}
    bundle.shell("touch /begun")
    runtime.create(bundle)
    result = runtime("start", "box", check=False)
    assert runtime.name == "runc" or "startContainer" in result.err and result.code == 1, result
    runtime.reaches("stopped")
    assert not (bundle.tree / "begun").exists()


@pytest.mark.parametrize("name", ["poststart", "poststop"])
def test_hooks_that_fail_later_are_told(ours, bundle, name):
    """The others are run, and the container goes on."""
    log = bundle.folder / "hooks"
    bundle.spec["hooks"] = {name: [{"path": "/bin/false"}, hook(log, "second")]}
    ours.create(bundle)
    start = ours("start", "box")
    assert ours.status() == "running"
    delete = ours("delete", "--force", "box")
    assert name in (start if name == "poststart" else delete).err
    assert log.read_text().startswith("second")


def test_hook_that_takes_too_long(runtime, bundle):
    bundle.spec["hooks"] = {"createRuntime": [{"path": "/bin/sleep", "args": ["sleep", "60"], "timeout": 1}]}
    bundle.write()
    before = time.monotonic()
    runtime.fails("create", "--bundle", bundle.folder, "box")
    assert time.monotonic() - before < 20 * engine.PATIENCE


def test_hook_has_its_environment_and_the_network(runtime, bundle):
    """What CNI's users do: set the container's network up from outside, before sysctls are applied to it."""
    script = f'env | grep -v -e PWD -e SHLVL -e _= | sort >{bundle.folder}/env; read -r state; pid=${{state#*pid\\"*:}}; pid=${{pid%%,*}}; pid=${{pid%%\\}}*}}; echo $pid >{bundle.folder}/pid'
    bundle.spec["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", script], "env": ["ONLY=this"]}]}
    runtime.create(bundle)
    assert (bundle.folder / "env").read_text() == "ONLY=this\n"
    assert int((bundle.folder / "pid").read_text()) == runtime.state()["pid"]
