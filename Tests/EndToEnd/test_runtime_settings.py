"""Which runtimes a daemon knows, and what it says of those that it does not; checkpoints."""
import json
import shutil

import pytest

import clients
import test_reload
from attacker import driver  # noqa: F401 fixture
from runtimes import RUNTIMES


class TestSettings:
    def test_names(self, engine):
        info = json.loads(engine.docker("info", "-f", "{{json .}}").out)
        assert info["DefaultRuntime"] == "varve" and {"varve", *filter(shutil.which, RUNTIMES)} == set(info["Runtimes"])
        engine.docker("create", "--name", "box", "busybox")
        assert engine.inspect("box", "{{json .HostConfig.Runtime}}") == "varve"
        engine.docker("run", "--rm", "--runtime", "varve", "busybox", "true")
        refused = engine.docker("run", "--rm", "--runtime", "nosuch", "busybox", "true", check=False)
        assert refused.code == 125 and "unknown or invalid runtime name: nosuch" in refused.err
        assert engine.api("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Runtime": "nosuch"}})[0] == 400

    def test_added_and_default(self, make_daemon, busybox_tar, tmp_path):
        """A wrapper with arguments as in daemon.json, one by flag, another default, and what a reload changes."""
        wrapper = tmp_path / "wrapper"
        wrapper.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/said\nshift\nexec {shutil.which("runc")} "$@"\n')
        wrapper.chmod(0o755)
        config = {"runtimes": {"mine": {"path": str(wrapper), "runtimeArgs": ["--mine"]}}, "default-runtime": "mine"}
        daemon = make_daemon("overlay2", config=config, kind="varved")
        daemon.docker("load", "-i", busybox_tar)
        assert daemon.docker("run", "--name", "first", "busybox", "echo", "hello").out == "hello\n"
        assert "--mine --root" in (tmp_path / "said").read_text() and daemon.inspect("first", "{{json .HostConfig.Runtime}}") == "mine"
        info = json.loads(daemon.docker("info", "-f", "{{json .}}").out)
        assert info["DefaultRuntime"] == "mine" and info["Runtimes"]["mine"] == {"path": str(wrapper), "runtimeArgs": ["--mine"]}
        daemon.docker("create", "--name", "second", "busybox", "true")
        test_reload.reload(daemon, {"runtimes": {"other": {"path": "crun"}}}, "configuration reloaded")
        assert json.loads(daemon.docker("info", "-f", "{{json .}}").out)["DefaultRuntime"] == "varve"
        gone = daemon.docker("start", "second", check=False)
        assert gone.code == 1 and "unknown or invalid runtime name: mine" in gone.err
        assert daemon.docker("run", "--rm", "--runtime", "other", "busybox", "echo", "hello").out == "hello\n"
        test_reload.reload(daemon, config, "default-runtime,runtimes")
        clients.eventually(lambda: daemon.docker("start", "-a", "second", check=False).code == 0)
        wrapper.unlink()
        gone = daemon.docker("start", "first", check=False)
        assert gone.code == 1 and f"the program of the runtime mine, {wrapper}, is not there" in gone.err

    def test_by_flags(self, make_daemon, busybox_tar):
        daemon = make_daemon("overlay2", arguments=["--add-runtime", f"c={shutil.which('crun')}", "--default-runtime", "c"], kind="varved")
        daemon.docker("load", "-i", busybox_tar)
        daemon.docker("run", "--name", "box", "busybox", "true")
        assert daemon.inspect("box", "{{json .HostConfig.Runtime}}") == "c"

    @pytest.mark.parametrize("config, words", [
        ({"runtimes": {"x": {"runtimeType": "io.containerd.runsc.v1"}}}, "only programs with runc's command line"),
        ({"runtimes": {"x": {"path": "/x", "options": {"a": 1}}}}, "only programs with runc's command line"),
        ({"runtimes": {"x": {}}}, "has no path"), ({"runtimes": {"x": {"path": "bin/x"}}}, "absolute"), ({"runtimes": {"varve": {"path": "/x"}}}, "reserved"),
        ({"runtimes": ["x"]}, "object of runtimes"), ({"default-runtime": "x"}, "specified default runtime 'x' does not exist"),
    ])
    def test_bad_settings(self, tmp_path, config, words):
        said = test_reload.TestConfiguration.validate(tmp_path, config)
        assert said.code == 1 and words in said.both, said

    @pytest.mark.parametrize("flags, words", [(["--add-runtime", "x"], "name=path"), (["--add-runtime", "x=/x", "--add-runtime", "x=/y"], "already defined")])
    def test_bad_flags(self, tmp_path, flags, words):
        said = test_reload.TestConfiguration.validate(tmp_path, {}, *flags)
        assert said.code == 1 and words in said.both, said

    def test_without_a_program(self, engine, make_daemon, busybox_tar, tmp_path):
        """A program that is none, and one that says nothing: the reason is told, and nothing is left."""
        (tmp_path / "mute").write_text("#!/bin/sh\nexit 3\n")
        (tmp_path / "speaks").write_text("#!/bin/sh\necho it is broken >&2\nexit 1\n")
        for name in ("mute", "speaks"):
            (tmp_path / name).chmod(0o755)
        flags = [flag for name in ("mute", "speaks", "gone") for flag in ("--add-runtime", f"{name}={tmp_path / name}")]
        daemon = make_daemon("overlay2", arguments=flags, kind="varved")
        daemon.docker("load", "-i", busybox_tar)
        for name, words in [("mute", "mute create ended with status 3"), ("speaks", "it is broken"), ("gone", "is not there or can't be run")]:
            failed = daemon.docker("run", "--runtime", name, "busybox", "true", check=False)
            assert failed.code == 125 and words in failed.err, failed

    def test_not_under_mapped_ids(self, make_daemon, busybox_tar):
        daemon = make_daemon("overlay2", arguments=["--userns-remap", "default"], kind="varved", start=False)
        try:
            daemon.start()
        except AssertionError:
            pytest.skip("no subordinate ids on this machine")
        daemon.docker("load", "-i", busybox_tar)
        refused = daemon.docker("run", "--rm", "--runtime", "runc", "busybox", "true", check=False)
        assert refused.code == 125 and "can't show images under the ids of userns-remap" in refused.err
        assert daemon.docker("run", "--rm", "--runtime", "runc", "--userns", "host", "busybox", "echo", "hello").out == "hello\n"


class TestCheckpoints:
    def test_are_not_there(self, engine):
        """Whoever asks is told, and nothing happens to the container."""
        engine.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sleep", "600")
        for method, path in [("GET", "/containers/box/checkpoints"), ("POST", "/containers/box/checkpoints"), ("DELETE", "/containers/box/checkpoints/x")]:
            status, said = engine.api(method, path, {"CheckpointID": "x"} if method == "POST" else None)
            assert status == 501 and b"CRIU" in said, said
        engine.docker("stop", "box")
        status, said = engine.api("POST", "/containers/box/start?checkpoint=x")
        assert status == 501 and b"CRIU" in said, said
        assert engine.inspect("box", "{{json .State.Running}}") is False
