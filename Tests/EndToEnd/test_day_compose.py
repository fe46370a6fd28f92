"""A day of docker-compose 1.29: a project of two services that share a volume."""
import json
import re
import select
import subprocess

import pytest

import engine as engines
import figures
from clients import eventually
from day import day, driver, image, office, registry  # noqa: F401 fixtures

SUBSCRIBERS = "engine_daemon_events_subscribers_total"
FILE = """
version: "3.7"
services:
  web:
    image: {image}
    network_mode: none
    init: true
    depends_on: [maker]
    environment: {{GREETING: "{greeting}"}}
    command: sh -c 'echo "web says $$GREETING"; exec sleep 600'
    volumes: ["data:/data"]
  maker:
    image: {image}
    network_mode: none
    init: true
    command: sh -c 'echo "maker began"; date >>/data/f; exec sleep 600'
    volumes: ["data:/data"]
volumes:
  data: {{}}
"""


@pytest.fixture
def compose(day, tmp_path):
    """docker-compose on a project called `day`; `compose.write(greeting)` changes its file."""

    def run(*args, **options):
        return day.client(["docker-compose", "--ansi", "never", "-p", "day", "-f", tmp_path / "compose.yml", *args], timeout=90, **options)

    def write(greeting, text=FILE):
        (tmp_path / "compose.yml").write_text(text.format(image=day.image, greeting=greeting))

    run.write = write
    write("hello")
    yield run
    run("down", "-v", "--timeout", "0", check=False)


def test_project(day, compose):
    """up, ps, logs, exec, up again, stop, start, down."""
    said = compose("up", "-d").err
    assert "Creating volume \"day_data\"" in said and re.search(r"Creating day_web_1\s+\.\.\. done", said), said
    assert day.docker("ps", "--format", "{{.Names}} {{.Networks}}").lines == ["day_web_1 none", "day_maker_1 none"]
    table = compose("ps").out
    assert re.search(r"day_web_1 .*Up", table) and re.search(r"day_maker_1 .*Up", table), table
    assert compose("ps", "-q", "web").out.strip() == day.inspect("day_web_1", "{{json .Id}}")
    eventually(lambda: "web says hello" in compose("logs").out)
    assert re.search(r"^maker_1\s*\| maker began$", compose("logs", "--tail", "1", "maker").out, re.MULTILINE)
    assert len(compose("exec", "-T", "web", "cat", "/data/f").lines) == 1
    assert compose("exec", "-T", "web", "sh", "-c", "exit 6", check=False).code == 6
    assert compose("run", "--rm", "-T", "web", "sh", "-c", "echo once $GREETING").out == "once hello\n"
    assert "sleep 600" in compose("top", "web").out and day.image.split(":v1")[0] in compose("images").out
    compose("stop", "web")
    assert "Exit" in compose("ps", "web").out and compose("start", "web").code == 0
    compose("restart", "web")
    assert day.inspect("day_web_1", "{{json .State.Running}}")


def test_up_again(day, compose):
    """What has not changed stays; what has is made anew, with the volume's files as they were."""
    compose("up", "-d")
    first = {name: day.inspect(f"day_{name}_1", "{{json .Id}}") for name in ("web", "maker")}
    assert "day_web_1 is up-to-date" in compose("up", "-d").err
    compose.write("changed")
    said = compose("up", "-d").err
    assert "Recreating day_web_1" in said and "day_maker_1 is up-to-date" in said, said
    assert day.inspect("day_web_1", "{{json .Id}}") != first["web"] and day.inspect("day_maker_1", "{{json .Id}}") == first["maker"]
    assert compose("exec", "-T", "web", "sh", "-c", "echo $GREETING; wc -l </data/f").lines == ["changed", "1"]
    compose("up", "-d", "--force-recreate")
    eventually(lambda: compose("exec", "-T", "web", "sh", "-c", "wc -l </data/f").out == "2\n")
    assert len(day.docker("ps", "-aq").lines) == 2
    compose("up", "-d", "--scale", "maker=2")
    assert len(compose("ps", "-q", "maker").lines) == 2
    said = compose("down", "-v").err
    assert "Removing volume day_data" in said and day.docker("ps", "-aq").out == day.docker("volume", "ls", "-q").out == ""


def test_followed_in_front(day, compose):
    """`up` in front shows what the services write, and ends with them."""
    compose.write("", 'version: "3.7"\nservices: {{web: {{image: "{image}", network_mode: none, command: "sh -c \'echo one; echo two; exit 3\'"}}}}\n')
    said = compose("up")
    assert re.search(r"web_1\s*\| one\s+web_1\s*\| two\s+day_web_1 exited with code 3", said.out), said
    assert compose("up", "--exit-code-from", "web", check=False).code == 3
    figures.wait_for("end of up's listening", lambda: figures.metric(day, SUBSCRIBERS) == 0)
    watcher = day.spawn("events", "--filter", "label=com.docker.compose.project=day", "--format", "{{.Action}}")
    try:
        figures.wait_for("listener", lambda: figures.metric(day, SUBSCRIBERS) == 1)
        compose("rm", "-f")
        assert select.select([watcher.stdout], [], [], 10 * engines.PATIENCE)[0], "no event came"
        assert watcher.stdout.readline() == b"destroy\n"
    finally:
        watcher.kill()
        watcher.communicate()


def test_project_network(day, compose):
    """A project's own network is made and removed; its services find each other by their names."""
    compose.write("", '''version: "3.7"
services:
  web: {{image: "{image}", command: sleep 600, networks: {{default: {{aliases: [www]}}}}}}
  db: {{image: "{image}", command: sleep 600}}
''')
    started = compose("up", "-d")
    assert "Creating network \"day_default\"" in started.err
    place = day.inspect("day_web_1", "{{json .NetworkSettings.Networks}}")["day_default"]
    assert {"web", "www", day.inspect("day_web_1", "{{json .Id}}")[:12]} <= set(place["Aliases"]), place
    for name in ("web", "www", "day_web_1"):
        assert place["IPAddress"] in compose("exec", "-T", "db", "nslookup", name).out, name
    labels = json.loads(day.docker("network", "inspect", "day_default").out)[0]["Labels"]
    assert labels["com.docker.compose.project"] == "day" and labels["com.docker.compose.network"] == "default"
    assert "Removing network day_default" in compose("down").err
    assert day.docker("network", "ls", "-q", "--filter", "type=custom").out == ""


def test_pause(day, compose):
    """pause and unpause of a project."""
    compose("up", "-d")
    compose("pause")
    assert "Paused" in compose("ps").out
    compose("unpause")
    assert "Paused" not in compose("ps").out


def test_version():
    said = subprocess.run(["docker-compose", "version", "--short"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.startswith("1.29."), said
