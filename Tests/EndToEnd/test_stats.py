"""`stats`: what a container uses, as the kernel counts it."""
import json

import clients


def test_a_busy_container(engine):
    """The stock command shows processor, memory, and processes of a container that computes."""
    engine.docker("run", "-d", "--name", "busy", "--stop-timeout", "0", "busybox", "sh", "-c", "while :; do :; done")
    engine.docker("run", "-d", "--name", "idle", "--stop-timeout", "0", "busybox", "sleep", "600")
    shown = {}
    for line in engine.docker("stats", "--no-stream", "--format", "{{json .}}", "busy", "idle").lines:
        entry = json.loads(line)
        shown[entry["Name"]] = entry
    assert float(shown["busy"]["CPUPerc"].rstrip("%")) > 10 > float(shown["idle"]["CPUPerc"].rstrip("%")), shown
    assert shown["busy"]["PIDs"] == "1" and shown["idle"]["PIDs"] == "1", shown
    used, limit = shown["busy"]["MemUsage"].split(" / ")
    assert used != "0B" and limit != "0B", shown


def test_once_and_streamed(engine):
    """One look, two looks, a stream; of what does not run only its name."""
    engine.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", "dd if=/dev/zero of=/f bs=1M count=20; sleep 600")
    status, body = engine.api("GET", "/v1.41/containers/box/stats?stream=0&one-shot=1")
    once = json.loads(body)
    assert status == 200 and once["name"] == "/box" and once["precpu_stats"]["cpu_usage"]["total_usage"] == 0
    assert once["cpu_stats"]["system_cpu_usage"] > 0 and once["cpu_stats"]["online_cpus"] >= 1
    twice = json.loads(engine.api("GET", "/containers/box/stats?stream=0")[1])
    assert twice["preread"] < twice["read"] and twice["precpu_stats"]["system_cpu_usage"] < twice["cpu_stats"]["system_cpu_usage"]
    assert twice["networks"]["eth0"]["tx_bytes"] >= 0 and list(twice["networks"]) == ["eth0"], "lo does not count"
    with clients.Client(engine, "docker").spawn("stats", "--format", "{{.Name}}") as streamed:
        assert streamed.stdout.readline()
        streamed.terminate()
    engine.docker("stop", "box")
    ended = json.loads(engine.api("GET", "/containers/box/stats?stream=0")[1])
    assert ended["name"] == "/box" and ended["cpu_stats"]["cpu_usage"]["total_usage"] == 0
    status, body = engine.api("GET", "/containers/nobody/stats?stream=0")
    assert status == 404 and b"No such container: nobody" in body
