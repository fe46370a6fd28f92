"""Memory that is not there: who is killed for want of it, and who is told; on cgroup v1 and v2."""
import json
import os
import pathlib
import time

import pytest

import bundles
import drivers
from clients import eventually
from test_resources import SLEEP, V2
from test_runtime import bundle, ours, runtime  # noqa: F401

HUNGRY = "x=a; for i in $(seq 27); do x=$x$x; done"     # at most 128 MB
LIMIT = ["-m", "16m", "--memory-swap", "16m"]


# The same for all drivers.
@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name == "overlay2"])
def driver(request):
    return request.param


def listen(engine):
    """The events of containers from now on: a function that gives those so far."""
    since = f"{time.time():.9f}"
    def said():
        options = ["--since", since, "--until", f"{time.time():.9f}", "--filter", "type=container"]
        return engine.docker("events", *options, "--format", "{{.Action}} {{.Actor.Attributes.name}}").lines
    return said


def begin(engine, *options):
    engine.docker("run", "-d", "--name", "box", *options, *SLEEP)


def test_memory_that_is_not_there(engine):
    """Who takes more than its limit is killed, and that is seen: 137, OOMKilled, an event before the end."""
    events = engine.spawn("events", "--filter", "type=container", "--format", "{{.Action}} {{.Actor.Attributes.name}}")
    time.sleep(0.5)
    assert engine.docker("run", "--name", "hungry", *LIMIT, "busybox", "sh", "-c", HUNGRY, check=False).code == 137
    state = engine.inspect("hungry", "{{json .State}}")
    assert state["OOMKilled"] is True and state["ExitCode"] == 137
    time.sleep(0.5)
    events.kill()
    said = events.communicate()[0].decode().split("\n")
    assert said.index("oom hungry") < said.index("die hungry")
    # A child that was killed counts, too, and a new start forgets it.
    engine.docker("run", "--name", "child", *LIMIT, "busybox", "sh", "-c", f"test -e /x && exit; touch /x; sh -c '{HUNGRY}'; exit 3", check=False)
    state = engine.inspect("child", "{{json .State}}")
    assert state["OOMKilled"] is True and state["ExitCode"] == 3
    engine.docker("start", "-a", "child")
    assert engine.inspect("child", "{{json .State.OOMKilled}}") is False


class TestKills:
    """A process of a container is killed for memory, and the container goes on."""

    def feed(self, engine, name):
        assert engine.docker("exec", name, "sh", "-c", HUNGRY, check=False).code == 137

    def test_told_at_once(self, engine):
        said = listen(engine)
        begin(engine, *LIMIT)
        assert engine.inspect("box", "{{json .State.OOMKilled}}") is False
        for count in (1, 2):
            self.feed(engine, "box")
            eventually(lambda count=count: said().count("oom box") == count)
        state = engine.inspect("box", "{{json .State}}")
        assert state["OOMKilled"] is True and state["Running"] is True
        engine.docker("kill", "box")
        eventually(lambda: "die box" in said())
        assert said().count("oom box") == 2 and engine.inspect("box", "{{json .State.OOMKilled}}") is True

    def test_told_once_by_the_next_daemon(self, engine):
        begin(engine, *LIMIT)
        said = listen(engine)
        self.feed(engine, "box")
        eventually(lambda: "oom box" in said())
        for end in (engine.stop, engine.kill9):
            end()
            said = listen(engine)
            engine.start()
            time.sleep(0.3)
            assert "oom box" not in said() and engine.inspect("box", "{{json .State.OOMKilled}}") is True
        self.feed(engine, "box")
        eventually(lambda: said().count("oom box") == 1)

    def test_while_the_daemon_was_away(self, engine):
        wait = "test -e /x && exit; touch /x; sleep 1; "
        engine.docker("run", "-d", "--name", "goes-on", *LIMIT, "busybox", "sh", "-c", f"{wait} sh -c '{HUNGRY}'; sleep 600")
        engine.docker("run", "-d", "--name", "ends", *LIMIT, "busybox", "sh", "-c", f"{wait} sh -c '{HUNGRY}'; exit 3")
        said = listen(engine)
        engine.kill9()
        time.sleep(3)
        engine.start()
        for name in ("goes-on", "ends"):
            eventually(lambda name=name: said().count(f"oom {name}") == 1)
            assert engine.inspect(name, "{{json .State.OOMKilled}}") is True

    @pytest.mark.skipif(V2, reason="cgroup v2 has no switch for its OOM killer")
    def test_who_has_to_wait(self, engine):
        """Nobody is killed, which is told all the same."""
        said = listen(engine)
        begin(engine, *LIMIT, "--oom-kill-disable")
        hungry = engine.spawn("exec", "box", "sh", "-c", HUNGRY)
        eventually(lambda: "oom box" in said())
        engine.docker("rm", "-f", "box")
        hungry.wait(10)

    def test_a_monitor_stays_small(self, engine):
        """It has one thread, listens for nothing that users have few of, and keeps nothing of what it heard."""
        begin(engine, *LIMIT)
        engine.docker("exec", "box", "true")
        pid = engine.inspect("box", "{{json .State.Pid}}")
        monitor = pathlib.Path("/proc", pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        before = private(monitor)
        for _ in range(5):
            self.feed(engine, "box")
        assert private(monitor) - before <= 64 and len(os.listdir(monitor / "task")) == 1
        assert "anon_inode:inotify" not in [os.readlink(number) for number in (monitor / "fd").iterdir()]


def private(process):
    """Its own memory, in kB."""
    words = (process / "smaps_rollup").read_text().split()
    return sum(int(words[words.index(name) + 1]) for name in ("Private_Clean:", "Private_Dirty:"))


def test_huge_pages(runtime, bundle):
    """Limited by their size, in use and set aside, and told of."""
    if not any(next(tree.glob("**/hugetlb.2MB.*"), None) for tree in bundles.trees()):
        pytest.skip("this host counts no huge pages of 2 MB")
    bundle.linux["resources"] |= {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}]}
    bundle.linux["cgroupsPath"] = "/varve-e2e-runtime/huge"
    runtime.create(bundle)
    name = "max" if bundles.is_unified() else "limit_in_bytes"
    folder = next(folder for folder in bundles.groups("varve-e2e-runtime/huge") if (folder / f"hugetlb.2MB.{name}").exists())
    assert (folder / f"hugetlb.2MB.{name}").read_text() == f"{4 << 20}\n"
    assert runtime.name == "runc" or (folder / f"hugetlb.2MB.rsvd.{name}").read_text() == f"{4 << 20}\n"
    pages = json.loads(runtime("events", "--stats", "box").out)["data"]["hugetlb"]
    assert pages["2MB"].get("usage", 0) == 0 and pages["2MB"].get("failcnt", 0) == 0
    runtime("delete", "--force", "box")
    assert bundles.groups("varve-e2e-runtime/huge") == []
    bundles.remove_groups("varve-e2e-runtime")


@pytest.mark.parametrize("size", ["3MB", "../2MB", ""])
def test_huge_pages_that_are_not_there(ours, bundle, size):
    """runc 1.1 begins without the limit."""
    bundle.linux["resources"] |= {"hugepageLimits": [{"pageSize": size, "limit": 0}]}
    bundle.write()
    ours.fails("create", "--bundle", bundle.folder, "box", saying=size)
