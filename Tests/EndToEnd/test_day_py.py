"""A day of docker-py 7.1: what a program types."""
import io
import tarfile

import docker
import pytest

from clients import eventually
from day import day, driver, image, office, registry, time_of  # noqa: F401 fixtures


@pytest.fixture
def py(day):
    client = docker.DockerClient(base_url=day.host, timeout=60)
    yield client
    client.close()


def test_version(py):
    assert docker.__version__ == "7.1.0" and py.version()["ApiVersion"] == "1.50" and py.ping() and py.plugins.list() == []
    assert py.info()["Driver"] == "overlay2"


def test_runs(day, py):
    assert py.containers.run(day.image, ["echo", "hello"], remove=True) == b"hello\n"
    with pytest.raises(docker.errors.ContainerError) as failure:
        py.containers.run(day.image, ["sh", "-c", "echo bad >&2; exit 3"], remove=True)
    assert failure.value.exit_status == 3 and failure.value.stderr == b"bad\n"
    with pytest.raises(docker.errors.ImageNotFound):
        py.containers.create("nosuch:v1")
    with pytest.raises(docker.errors.APIError, match="executable file not found"):
        py.containers.run(day.image, ["nosuch"])
    box = py.containers.run(day.image, ["sleep", "600"], name="box", detach=True, environment={"A": "1"}, labels={"day": "1"}, network_mode="none")
    assert [c.id for c in py.containers.list(filters={"label": "day=1"})] == [box.id] and py.containers.get("box").status == "running"
    assert box.image.tags == [day.image] and box.labels == {"day": "1"}


def test_attached(day, py):
    """Standard input over a socket that was taken over, and a terminal."""
    box = py.containers.create(day.image, ["cat"], stdin_open=True)
    socket = box.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    box.start()
    socket._sock.sendall(b"typed\n")
    assert socket.read(8 + 6)[8:] == b"typed\n"
    socket._sock.close()
    socket.close()
    assert box.wait() == {"StatusCode": 0}
    tty = py.containers.run(day.image, ["sh", "-c", "tty; stty size"], tty=True, detach=True)
    assert tty.wait()["StatusCode"] == 0 and tty.logs().startswith(b"/dev/pts/0\r\n")


def test_killed_while_it_ends(day, py):
    """A signal to who is just ending finds it running or not, and is no failure of the daemon."""
    for _ in range(20):
        box = py.containers.create(day.image, ["cat"], stdin_open=True)
        socket = box.attach_socket(params={"stdin": 1, "stream": 1})
        box.start()
        socket._sock.close()
        socket.close()
        try:
            box.kill()
        except docker.errors.APIError as error:
            assert error.status_code == 409 and "is not running" in error.explanation, error
        assert box.wait()["StatusCode"] in (0, 137)
        box.remove()


def test_exec_and_logs(day, py):
    box = py.containers.run(day.image, ["sh", "-c", "echo one; echo two >&2; while [ ! -e /go ]; do sleep 0.05; done; echo end"], detach=True)
    done = box.exec_run(["sh", "-c", "echo $A; pwd; exit 4"], environment={"A": "1"}, workdir="/etc", demux=True)
    assert (done.exit_code, done.output) == (4, (b"1\n/etc\n", None))
    assert b"".join(box.exec_run(["seq", "3"], stream=True).output) == b"1\n2\n3\n"
    eventually(lambda: box.logs() in (b"one\ntwo\n", b"two\none\n"))
    assert box.logs(stderr=False) == b"one\n" and box.logs(stdout=False) == b"two\n"
    stream = box.logs(stream=True, follow=True, stderr=False)
    assert next(stream) == b"one\n"
    box.exec_run(["touch", "/go"])
    assert list(stream) == [b"end\n"] and box.wait() == {"StatusCode": 0}
    assert box.logs(tail=1) == b"end\n" and box.logs(timestamps=True, stderr=False).split()[1] == b"one"


def test_files(day, py):
    box = py.containers.create(day.image, ["sh", "-c", "cat /srv/f; echo new >/g"])
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in (("srv", None), ("srv/f", b"in\n")):
            member = tarfile.TarInfo(name)
            member.type, member.mode, member.size = (tarfile.REGTYPE, 0o644, len(data)) if data else (tarfile.DIRTYPE, 0o755, 0)
            archive.addfile(member, io.BytesIO(data or b""))
    assert box.put_archive("/", buffer.getvalue())
    box.start()
    box.wait()
    assert box.logs() == b"in\n" and {"Path": "/g", "Kind": 1} in box.diff()
    stream, stat = box.get_archive("/srv")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
        assert archive.extractfile("srv/f").read() == b"in\n" and stat["name"] == "srv"
    with tarfile.open(fileobj=io.BytesIO(b"".join(box.export()))) as archive:
        assert archive.extractfile("g").read() == b"new\n"


def test_images(day, py, registry):
    box = py.containers.create(day.image, ["true"])
    made = box.commit("mine", "v1", message="words", changes=["CMD [\"echo\", \"made\"]"])
    name = f"{registry.host}/day/py"
    assert py.containers.run("mine:v1", remove=True) == b"made\n" and made.tag(name, "v2")
    sent = list(py.images.push(name, "v2", stream=True, decode=True))
    assert any("aux" in line for line in sent) and not any("error" in line for line in sent), sent
    for tag in ("mine:v1", f"{name}:v2"):
        py.images.remove(tag)
    assert py.images.pull(name, "v2").id == made.id and py.images.get_registry_data(f"{name}:v2").id.startswith("sha256:")
    archive = b"".join(py.images.get(f"{name}:v2").save(named=True))
    py.images.remove(f"{name}:v2")
    (loaded,) = py.images.load(archive)
    assert loaded.id == made.id and loaded.tags == [f"{name}:v2"] and loaded.history()[0]["Comment"] == "words"
    said = py.api.import_image_from_data(b"".join(box.export()), "flat", "v1")
    assert py.images.get("flat:v1").id in said
    assert [i.id for i in py.images.list(filters={"reference": "flat"})] == [py.images.get("flat:v1").id]


def test_volumes_and_networks(day, py):
    volume = py.volumes.create("data", labels={"day": "1"})
    py.containers.run(day.image, ["sh", "-c", "echo kept >/data/f"], volumes={"data": {"bind": "/data", "mode": "rw"}}, remove=True)
    mount = docker.types.Mount("/else", "data", read_only=True)
    assert py.containers.run(day.image, ["cat", "/else/f"], mounts=[mount], remove=True) == b"kept\n"
    assert [v.name for v in py.volumes.list(filters={"label": "day=1"})] == ["data"]
    network = py.networks.create("own", driver="bridge", labels={"day": "1"})
    box = py.containers.create(day.image, ["true"], name="box")
    network.connect(box, aliases=["web"], ipv4_address=None)
    box.reload()
    assert sorted(box.attrs["NetworkSettings"]["Networks"]) == ["bridge", "own"]
    network.disconnect("box")
    network.remove()
    volume.remove(force=True)
    assert [n.name for n in py.networks.list()] == ["bridge", "host", "none"]


def test_life_and_events(day, py):
    since = py.info()["SystemTime"]
    box = py.containers.run(day.image, ["sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.05; done"], detach=True, name="first")
    assert any("trap" in process[-1] for process in box.top()["Processes"])
    box.rename("box")
    assert box.update(restart_policy={"Name": "on-failure", "MaximumRetryCount": 3}) == {"Warnings": []}
    box.reload()
    assert box.name == "box" and box.attrs["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    box.update(restart_policy={"Name": "no"})
    box.restart(timeout=5)
    box.stop()
    assert box.wait() == {"StatusCode": 5}
    box.start()
    box.kill()
    assert box.wait(condition="not-running")["StatusCode"] == 137
    box.remove()
    said = [e["Action"] for e in py.events(since=since, until=py.info()["SystemTime"], decode=True, filters={"type": "container"})]
    assert said[:2] == ["create", "start"] and said[-3:] == ["kill", "die", "destroy"] and "rename" in said and "restart" in said


def test_prunes_and_df(day, py):
    box = py.containers.run(day.image, ["true"], detach=True)
    box.wait()
    used = py.df()
    assert [c["Id"] for c in used["Containers"]] == [box.id] and used["Images"][0]["Containers"] == 1
    assert py.containers.prune()["ContainersDeleted"] == [box.id]
    py.volumes.create("data")
    assert py.volumes.prune(filters={"all": True})["VolumesDeleted"] == ["data"]
    py.networks.create("own")
    assert py.networks.prune() == {"NetworksDeleted": ["own"]}
    assert py.images.prune(filters={"dangling": True})["SpaceReclaimed"] == 0


def test_stats(day, py):
    box = py.containers.run(day.image, ["sleep", "600"], detach=True)
    shown = box.stats(stream=False)
    assert shown["pids_stats"]["current"] == 1 and shown["memory_stats"]["usage"] > 0 and shown["cpu_stats"]["cpu_usage"]["total_usage"] > 0


def test_pause(day, py):
    box = py.containers.run(day.image, ["sleep", "600"], detach=True)
    box.pause()
    box.reload()
    assert box.status == "paused"
    box.unpause()
    box.reload()
    assert box.status == "running"
