"""What the configuration file may say, SIGHUP, and the end of a daemon."""
import json
import os
import signal
import time

import pytest

import engine as engines
import figures


class TestReload:
    def test_what_counts_at_once(self, make_daemon):
        daemon = make_daemon("vfs", config={"labels": ["a=1"]}, kind="varved")
        assert daemon.docker("info", "-f", "{{.Labels}} {{.Debug}}").out == "[a=1] false\n"
        events = daemon.spawn("events", "--filter", "type=daemon", "--format", "{{json .}}")
        try:
            figures.wait_for("listener", lambda: figures.metric(daemon, "engine_daemon_events_subscribers_total") == 1)
            config = {"labels": ["a=2"], "debug": True, "insecure-registries": ["reg.example:5000"], "registry-mirrors": ["https://m.example"], "max-concurrent-downloads": 7, "storage-opts": ["x=y"]}
            reload(daemon, config, "configuration reloaded")
            event = json.loads(events.stdout.readline())
        finally:
            events.kill()
            events.wait()
        assert event["Action"] == "reload" and event["Type"] == "daemon"
        attributes = event["Actor"]["Attributes"]
        assert json.loads(attributes["labels"]) == ["a=2"] and attributes["debug"] == "true"
        assert attributes["max-concurrent-downloads"] == "7" and "name" in attributes
        info = json.loads(daemon.docker("info", "-f", "{{json .}}").out)
        assert info["Labels"] == ["a=2"] and info["Debug"] and info["RegistryConfig"]["Mirrors"] == ["https://m.example"]
        assert info["RegistryConfig"]["IndexConfigs"]["reg.example:5000"]["Secure"] is False
        log = daemon.logfile.read_text()
        assert "storage-opts" in log and "DEBUG request" in log

    @pytest.mark.parametrize("text, words", [("{", "JSON"), ('{"nosuch": 1}', "nosuch"), ('{"debug": "yes"}', "debug"), ('{"labels": ["x"]}', "key=value")])
    def test_what_cannot_be_used_changes_nothing(self, make_daemon, text, words):
        daemon = make_daemon("vfs", config={"labels": ["a=1"]}, kind="varved")
        daemon.config.write_text(text)
        daemon.process.send_signal(signal.SIGHUP)
        figures.wait_for("refusal", lambda: "not reloaded" in daemon.logfile.read_text())
        line = [line for line in daemon.logfile.read_text().splitlines() if "not reloaded" in line][0]
        assert "ERROR" in line and words in line
        assert daemon.docker("info", "-f", "{{.Labels}}").out == "[a=1]\n"


def reload(daemon, config, words):
    daemon.config.write_text(json.dumps(config))
    daemon.process.send_signal(signal.SIGHUP)
    figures.wait_for(words, lambda: words in daemon.logfile.read_text())


class TestConfiguration:
    @staticmethod
    def validate(tmp_path, config, *arguments):
        path = tmp_path / "daemon.json"
        path.write_text(json.dumps(config))
        return engines.run([engines.BIN / "varved", "--validate", "--config-file", path, *arguments])

    def test_good(self, tmp_path):
        said = self.validate(tmp_path, {"debug": True, "live-restore": True, "hosts": ["unix:///x", "tcp://127.0.0.1:1"], "log-format": "json"})
        assert said.code == 0 and "configuration OK" in said.both and not os.path.exists("/x")

    @pytest.mark.parametrize("config, words", [
        ({"nosuch": 1}, ["nosuch", "don't match any configuration option"]), ({"userland-proxy": True}, ["userland-proxy", "not supported"]),
        ({"hosts": "unix:///x"}, ["hosts", "list"]), ({"hosts": ["tcp://0.0.0.0:1"]}, ["0.0.0.0:1", "--tlsverify"]),
        ({"log-format": "xml"}, ["xml", "json"]), ({"tlsverify": 1}, ["tlsverify", "true or false"]),
        ({"tlscert": "/c"}, ["tlscert", "--tlsverify"]), ({"metrics-addr": "here"}, ["metrics-addr", "here"]),
        ({"shutdown-timeout": -1}, ["shutdown-timeout"]), ({"labels": ["a=1", "a=2"]}, ["conflict", "a=1"]),
    ])
    def test_bad(self, tmp_path, config, words):
        said = self.validate(tmp_path, config)
        assert said.code == 1 and not [word for word in words if word not in said.both], said

    @pytest.mark.parametrize("mirror", ["https://me:hush@m.example", "me:hush@m.example", "https://hush@m.example/x"])
    def test_passwords_of_mirrors(self, tmp_path, mirror):
        said = self.validate(tmp_path, {"registry-mirrors": [mirror]})
        assert said.code == 1 and "registry mirror" in said.both and "password" in said.both and "hush" not in said.both

    def test_flag_and_file(self, tmp_path):
        said = self.validate(tmp_path, {"hosts": ["unix:///a"], "debug": True}, "-H", "unix:///b", "--debug").both
        assert "hosts: (from flag: [unix:///b], from file: [unix:///a])" in said and "debug: (from flag: true, from file: true)" in said


class TestEnd:
    def test_requests_under_way_are_answered(self, make_daemon, busybox_tar):
        """What has an end gets to it; what has none is cut; nobody new gets in; containers go on."""
        daemon = make_daemon("vfs", kind="varved")
        daemon.docker("load", "-i", busybox_tar)
        daemon.docker("run", "-d", "--name", "goes-on", "busybox", "sleep", "600")
        events, loading = daemon.spawn("events"), daemon.spawn("load")
        archive = busybox_tar.read_bytes()
        loading.stdin.write(archive[: len(archive) // 2])
        loading.stdin.flush()
        figures.wait_for("both", lambda: loads(daemon) == 1 and figures.metric(daemon, "engine_daemon_events_subscribers_total") == 1)
        daemon.process.send_signal(signal.SIGTERM)
        figures.wait_for("end of listening", lambda: not daemon.socket.exists())
        events.wait(5 * engines.PATIENCE)
        assert daemon.process.poll() is None, "the load is under way"
        out, err = loading.communicate(archive[len(archive) // 2 :], timeout=60 * engines.PATIENCE)
        assert loading.returncode == 0 and b"Loaded image" in out, err
        assert daemon.process.wait(20 * engines.PATIENCE) == 0
        daemon.start()
        assert daemon.docker("ps", "--format", "{{.Names}}").out == "goes-on\n"

    def test_no_longer_than_is_given(self, make_daemon, busybox_tar):
        daemon = make_daemon("vfs", kind="varved", config={"shutdown-timeout": 1})
        loading = stuck_load(daemon)
        began = time.monotonic()
        daemon.stop()
        assert 0.9 < time.monotonic() - began < 8 * engines.PATIENCE
        loading.communicate()
        assert loading.returncode != 0

    def test_second_signal_ends_at_once(self, make_daemon):
        daemon = make_daemon("vfs", kind="varved", config={"shutdown-timeout": 600})
        loading = stuck_load(daemon)
        daemon.process.send_signal(signal.SIGTERM)
        figures.wait_for("first signal", lambda: "ending; containers" in daemon.logfile.read_text() and not daemon.socket.exists())
        assert daemon.process.poll() is None
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(10 * engines.PATIENCE) == 128 + signal.SIGTERM
        loading.communicate()
        daemon.start()


def loads(daemon):
    """How many images are being loaded now."""
    return figures.of(daemon).get('varve_http_requests_running{method="POST",route="/images/load"}', 0)


def stuck_load(daemon):
    """A client that sends the beginning of an image, and then nothing."""
    loading = daemon.spawn("load")
    loading.stdin.write(b"\0" * 10240)
    loading.stdin.flush()
    figures.wait_for("load", lambda: loads(daemon) == 1)
    return loading


def test_units_and_installation(tmp_path):
    """`make install` brings programs and units, systemd takes them, `make uninstall` leaves nothing."""
    top = engines.pathlib.Path(__file__).resolve().parents[2]
    where = ["DESTDIR=", f"PREFIX={tmp_path}/usr", f"BUILT={engines.BIN}", "SOCKET_GROUP=root"]
    done = engines.run(["make", "-s", "-C", top, "install", *where])
    assert done.code == 0, str(done)
    units = tmp_path / "usr/lib/systemd/system"
    assert f"ExecStart={tmp_path}/usr/bin/varved " in (units / "varved.service").read_text()
    for name in ("varve", "varved", "varve-runtime"):
        assert os.access(tmp_path / "usr/bin" / name, os.X_OK)
    verified = engines.run(["systemd-analyze", "verify", "--man=no", units / "varved.service", units / "varved.socket"])
    assert verified.code == 0 and "varved" not in verified.both, str(verified)
    assert engines.run(["make", "-s", "-C", top, "uninstall", *where]).code == 0
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
