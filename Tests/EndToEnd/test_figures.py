"""Figures for Prometheus, and the log of requests."""
import contextlib
import http.client
import json
import os
import re
import time

import engine as engines
import figures


class TestMetrics:
    def test_figures_that_dockerd_has(self, fresh):
        fresh.docker("run", "-d", "--name", "runs", "busybox", "sleep", "600")
        fresh.docker("create", "busybox")
        found = figures.of(fresh)
        assert found['engine_daemon_container_states_containers{state="running"}'] == 1
        assert found['engine_daemon_container_states_containers{state="stopped"}'] == 1
        assert found['engine_daemon_container_states_containers{state="paused"}'] == 0
        assert found['engine_daemon_container_actions_seconds_count{action="create"}'] == 2
        assert found['engine_daemon_container_actions_seconds_count{action="start"}'] == 1
        assert found['engine_daemon_container_actions_seconds_count{action="commit"}'] == 0
        assert found["engine_daemon_events_total"] >= 3 and found["engine_daemon_engine_cpus_cpus"] == os.cpu_count()
        assert 'graphdriver="%s"' % fresh.driver in next(key for key in found if key.startswith("engine_daemon_engine_info{"))
        assert abs(found["process_start_time_seconds"] - time.time()) < 3600
        assert found["process_resident_memory_bytes"] > 1 << 20 and found["process_open_fds"] > 3
        assert found["engine_daemon_health_checks_total"] == 0 and found["varve_storage_layers"] >= 1

    def test_requests_are_counted_by_route(self, make_daemon):
        """Exactly, by pattern; neither names nor methods that somebody made up are labels."""
        daemon = make_daemon("vfs", kind="varved")
        before = figures.of(daemon)
        for name in ("one", "two", "a/b"):
            daemon.api("GET", f"/v1.44/containers/{name}/json")
        daemon.api("GET", "/nosuch/place")
        daemon.api("BREW", "/coffee")
        daemon.api("HEAD", "/_ping")
        after = figures.of(daemon)

        def more(method, route, code):
            key = f'varve_http_requests_total{{method="{method}",route="{route}",code="{code}"}}'
            return after.get(key, 0) - before.get(key, 0)

        assert more("GET", "/containers/{name}/json", 404) == 3
        assert more("GET", "none", 404) == 1 and more("HEAD", "/_ping", 200) == 1
        assert more("GET", "/metrics", 200) == 1
        assert not [key for key in after if "coffee" in key or "BREW" in key or "two" in key]

    def test_address_of_its_own(self, make_daemon):
        """Figures, and nothing else."""
        daemon = make_daemon("vfs", arguments=["--metrics-addr", "127.0.0.1:0"])
        host, port = figures.wait_for("port", lambda: re.findall(r"metrics listen on ([0-9.]+):(\d+)", daemon.logfile.read_text()))[0]
        with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=20)) as client:
            client.request("GET", "/metrics")
            response = client.getresponse()
            assert response.status == 200 and response.getheader("Content-Type").startswith("text/plain; version=0.0.4")
            assert "engine_daemon_engine_info" in response.read().decode()
            client.request("GET", "/containers/json")
            assert client.getresponse().status == 404


def ask(daemon, path, headers=None, method="GET"):
    connection = engines.UnixConnection(daemon.socket, 30 * engines.PATIENCE)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        response.read()
        return response


class TestRequestLog:
    def test_each_request_has_an_id(self, make_daemon):
        """In its answer and in its line; a client's own is taken if it is plain."""
        daemon = make_daemon("vfs", arguments=["--debug", "--log-format", "json"])
        own = [ask(daemon, "/_ping").getheader("X-Request-Id") for _ in range(3)]
        assert len(set(own)) == 3 and all(re.fullmatch("[0-9a-f]{16}", one) for one in own)
        assert ask(daemon, "/containers/none/json", {"X-Request-Id": "trace-1.A_b"}).getheader("X-Request-Id") == "trace-1.A_b"
        for bad in ("a b", 'x"y', "x" * 65, "", "ü"):
            assert re.fullmatch("[0-9a-f]{16}", ask(daemon, "/_ping", {"X-Request-Id": bad.encode()}).getheader("X-Request-Id"))
        lines = [json.loads(line) for line in daemon.logfile.read_text().splitlines()]
        line = figures.wait_for("line", lambda: [line for line in map(json.loads, daemon.logfile.read_text().splitlines()) if line.get("request") == "trace-1.A_b" and line["msg"] == "request"])[0]
        assert (line["level"], line["method"], line["route"], line["status"]) == ("debug", "GET", "/containers/{name}/json", "404")
        assert int(line["ms"]) >= 0 and all({"time", "level", "msg"} <= set(line) for line in lines)

    def test_failures_of_the_daemon_are_errors(self, make_daemon):
        daemon = make_daemon("vfs")
        answer = ask(daemon, "/swarm", {"X-Request-Id": "fails"})
        assert answer.status == 503
        line = figures.wait_for("line", lambda: [line for line in daemon.logfile.read_text().splitlines() if "request=fails" in line])[0]
        assert " ERROR request " in line and "status=503" in line and "swarm" in line
        assert "DEBUG" not in daemon.logfile.read_text()

    def test_no_secrets(self, make_daemon):
        """Neither what headers hold nor what follows a question mark."""
        daemon = make_daemon("vfs", arguments=["--debug"])
        ask(daemon, "/images/create?fromImage=127.0.0.1:1/x&tag=v1&more=secret-in-query", {"X-Registry-Auth": "c2VjcmV0LWF1dGg="}, "POST")
        ask(daemon, "/images/create?repo=secret-in-query&fromSrc=http://me:secret-in-address@127.0.0.1:1/x.tar", {}, "POST")
        figures.wait_for("lines", lambda: daemon.logfile.read_text().count("route=/images/create") >= 2)
        assert not [word for word in ("c2VjcmV0", "secret-in-query", "secret-in-address") if word in daemon.logfile.read_text()]
