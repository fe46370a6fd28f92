"""`pause` and `unpause`: all of a container's processes stand still, and nobody else's."""
import pathlib
import time

import clients

ONE_DRIVER = True

COUNT = "while :; do echo x >>/n; sleep 0.02; done"


def count(engine, name="box"):
    return int(engine.docker("exec", name, "sh", "-c", "cat /n 2>/dev/null | wc -l").out)


def size_by_diff(engine):
    """How much the container wrote, without asking the container."""
    return len(b"".join(iter_bytes(engine)))


def iter_bytes(engine):
    status, body = engine.api("GET", "/containers/box/archive?path=/n")
    assert status == 200, body
    yield body.rstrip(b"\0")


def test_stands_still_and_goes_on(cli):
    """Nothing is written while it is paused, by none of its processes; its state says so."""
    engine = cli.daemon
    cli("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", f"({COUNT}) & {COUNT}")
    cli("run", "-d", "--name", "other", "--stop-timeout", "0", "busybox", "sh", "-c", COUNT)
    clients.eventually(lambda: count(engine) > 4)
    cli("pause", "box")
    before = size_by_diff(engine)
    other = count(engine, "other")
    time.sleep(0.5)
    assert size_by_diff(engine) == before and count(engine, "other") > other
    state = engine.inspect("box", "{{json .State}}")
    assert (state["Status"], state["Paused"], state["Running"]) == ("paused", True, True)
    assert engine.docker("ps", "--filter", "status=paused", "--format", "{{.Names}} {{.Status}}").out.endswith("(Paused)\n")
    cli("unpause", "box")
    clients.eventually(lambda: size_by_diff(engine) > before)
    assert engine.inspect("box", "{{json .State.Paused}}") is False


def test_refusals(cli):
    """What a paused container can't do, and what can't be paused, in Docker's words."""
    cli("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sleep", "600")
    cli("pause", "box")
    for words, said in [
        (["pause", "box"], "is already paused"),
        (["exec", "box", "true"], "is paused, unpause the container before exec"),
        (["start", "box"], "cannot start a paused container, try unpause instead"),
    ]:
        failed = cli(*words, check=False)
        assert failed.code != 0 and said in failed.err, failed
    cli("unpause", "box")
    failed = cli("unpause", "box", check=False)
    assert failed.code == 1 and "is not paused" in failed.err, failed
    cli("stop", "box")
    failed = cli("pause", "box", check=False)
    assert failed.code == 1 and "is not running" in failed.err, failed


def test_ends_all_the_same(cli):
    """A paused container is stopped, killed and removed as any other."""
    for number, words in enumerate([["stop"], ["kill"], ["kill", "-s", "TERM"], ["rm", "-f"]]):
        name = f"box-{number}"
        cli("run", "-d", "--name", name, "--stop-timeout", "5", "busybox", "sh", "-c", "trap 'exit 3' TERM; touch /ready; while :; do sleep 0.05; done")
        clients.eventually(lambda: cli.daemon.docker("exec", name, "test", "-e", "/ready", check=False).code == 0, what="the trap")
        cli("pause", name)
        cli(*words, name, timeout=15)
        if words != ["rm", "-f"]:
            code = cli.daemon.docker("wait", name, timeout=15).out
            assert code == ("137\n" if words == ["kill"] else "3\n"), words
            assert cli.daemon.inspect(name, "{{json .State.Paused}}") is False


def test_stays_paused_over_a_restart_of_the_daemon(fresh):
    fresh.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", COUNT)
    clients.eventually(lambda: count(fresh) > 2)
    fresh.docker("pause", "box")
    fresh.kill9()
    fresh.start()
    before = size_by_diff(fresh)
    time.sleep(0.3)
    assert size_by_diff(fresh) == before and fresh.inspect("box", "{{json .State.Status}}") == "paused"
    fresh.docker("unpause", "box")
    clients.eventually(lambda: size_by_diff(fresh) > before)
    fresh.docker("rm", "-f", "box")


def test_commit_pauses(cli):
    """While an image is made of it a container stands still, and afterwards it goes on."""
    engine = cli.daemon
    cli("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", COUNT)
    clients.eventually(lambda: count(engine) > 2)
    began = time.time()
    cli("commit", "box", "still")
    events = engine.docker("events", "--since", str(began), "--until", str(time.time() + 0.01), "--format", "{{.Action}}").lines
    assert [e for e in events if e in ("pause", "commit", "unpause")] in (["pause", "commit", "unpause"], ["pause", "unpause", "commit"])
    before = count(engine)
    clients.eventually(lambda: count(engine) > before)


def test_a_commit_that_was_cut_holds_nobody(fresh):
    """A daemon that finds a container frozen of which nobody wrote down that it is paused lets it go on."""
    fresh.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", COUNT)
    clients.eventually(lambda: count(fresh) > 2)
    container = fresh.inspect("box", "{{json .Id}}")
    fresh.kill9()
    groups = pathlib.Path("/sys/fs/cgroup")
    for state, value in (("freezer.state", "FROZEN"), ("cgroup.freeze", "1")):
        for path in groups.glob(f"**/{fresh.name}/{container}/{state}"):
            path.write_text(value)
    fresh.start()
    before = count(fresh)
    clients.eventually(lambda: count(fresh) > before)
    assert fresh.inspect("box", "{{json .State.Status}}") == "running"
    fresh.docker("rm", "-f", "box")
