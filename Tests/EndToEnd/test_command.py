"""`varve` itself: help, listings for programs, and what it says when there is no daemon."""
import json

import pytest

import engine as engines

VERBS = [
    "version", "info", "images", "load", "save", "import", "export", "tag", "rmi", "inspect", "history", "create", "start", "run",
    "attach", "logs", "wait", "stop", "kill", "rm", "ps", "exec", "diff", "pause", "unpause", "stats", "port", "search", "network", "completion",
]


def varve(*arguments, env=None):
    return engines.run([engines.BIN / "varve", *arguments], env=env, timeout=20)


@pytest.fixture
def ours(shared):
    """The shared daemon, when it is ours."""
    return shared


def test_version_needs_no_daemon():
    result = varve("--version", env={"DOCKER_HOST": "unix:///nosuch/socket"})
    assert result.code == 0 and "arve" in result.out


def test_help_lists_every_verb():
    result = varve("--help")
    assert result.code == 0 and all(f" {verb} " in result.out for verb in VERBS), result


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example(verb):
    result = varve(verb, "--help")
    assert result.code == 0 and f"varve {verb}" in result.out and "xample" in result.out, result


def test_flags_behind_driver_are_its_own():
    """The daemon has flags of the same names, which must not take them."""
    refused = varve("driver", "check", "--driver", "vfs", "--check", "three layers", "--storage-opt", "vfs.nonsense=1")
    assert refused.code != 0 and "unknown option vfs.nonsense" in refused.both, refused
    nowhere = varve("driver", "grow", "--data-root", "/nosuch/root", "--size", "200G")
    assert nowhere.code != 0 and "/nosuch/root/devicemapper" in nowhere.both, nowhere


@pytest.mark.parametrize("environment", [{"DOCKER_HOST": "unix:///nosuch/s"}, {"VARVE_HOST": "unix:///nosuch/s", "DOCKER_HOST": ""}])
def test_no_daemon(environment):
    """Where it looked, and what to do."""
    result = varve("ps", env=environment)
    assert result.code == 1 and "/nosuch/s" in result.err and "running" in result.err, result


def test_no_daemon_for_run():
    """125: the container's own exit status is never mistaken for it."""
    assert varve("run", "busybox", "true", env={"DOCKER_HOST": "unix:///nosuch/s"}).code == 125


def test_bad_host():
    result = varve("ps", env={"DOCKER_HOST": "nonsense://x"})
    assert result.code == 1 and "nonsense" in result.err


@pytest.mark.parametrize("listing", [["ps", "-a"], ["images"], ["history", "busybox"]])
def test_listings_for_programs(ours, listing):
    """--format json: one object a line."""
    ours.docker("create", "--name", "listed", "busybox", "true", check=False)
    lines = ours.varve(*listing, "--format", "json").lines
    assert lines and all(isinstance(json.loads(line), dict) for line in lines)


def test_missing_arguments():
    for verb in ("run", "load", "tag", "exec", "rm"):
        arguments = [] if verb != "load" else ["-i"]
        result = varve(verb, *arguments, env={"DOCKER_HOST": "unix:///nosuch/s"})
        assert result.code != 0 and verb in result.err, result


def test_global_host_flag(ours):
    assert varve("-H", ours.host, "version", env={"DOCKER_HOST": "unix:///nosuch/s"}).code == 0
