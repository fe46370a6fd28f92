"""What the daemon says about itself, to the stock command and to docker-py."""
import json

import docker
import pytest

import drivers
import peer


@pytest.fixture
def py(engine):
    """docker-py, bound to the daemon."""
    client = docker.DockerClient(base_url=engine.host, timeout=30)
    yield client
    client.close()


def test_version(cli):
    said = cli("version").out
    assert "Server" in said and cli("version", "-f", "{{.Server.Version}}").out.strip()


def test_api_version(engine):
    version = json.loads(engine.api("GET", "/version")[1])
    assert version["ApiVersion"] == "1.50" and version["MinAPIVersion"] == "1.24" and version["Os"] == "linux"


def test_info(cli):
    assert cli("info", "-f", "{{.Driver}}").out.strip() == cli.daemon.driver
    assert cli("info", "-f", "{{.DockerRootDir}}").out.strip() == str(cli.daemon.data_root)
    said = cli("info").out
    assert f"Storage Driver: {cli.daemon.driver}" in said
    assert drivers.INFO[cli.daemon.driver] in said


def test_disk_usage(engine):
    """A layer counts once, and what images have in common is told of each."""
    base = json.loads(engine.api("GET", "/system/df")[1])["Images"][0]
    engine.docker("run", "--name", "box", "busybox", "sh", "-c", "dd if=/dev/zero of=/file bs=1024 count=512")
    engine.docker("commit", "box", "bigger")
    usage = json.loads(engine.api("GET", "/system/df")[1])
    images = {image["RepoTags"][0]: image for image in usage["Images"]}
    bigger, below = images["bigger:latest"], images[base["RepoTags"][0]]
    assert below["SharedSize"] == below["Size"] == bigger["SharedSize"] > 0
    own = bigger["Size"] - bigger["SharedSize"]
    assert 512 * 1024 <= own < 1024 * 1024
    assert usage["LayersSize"] == below["Size"] + own
    assert below["Containers"] == 1 and bigger["Containers"] == 0
    assert usage["Containers"][0]["SizeRw"] >= 512 * 1024
    listed = json.loads(engine.api("GET", "/images/json?shared-size=1")[1])
    assert {image["Id"]: image["SharedSize"] for image in listed} == {i["Id"]: i["SharedSize"] for i in usage["Images"]}
    shown = engine.docker("system", "df", "-v", "--format", "{{range .Images}}{{.Repository}} {{.UniqueSize}} {{.SharedSize}}\n{{end}}").out
    assert any(line.startswith("bigger ") and not line.split()[1].startswith("0B") for line in shown.splitlines()), shown


def test_versions_out_of_range(engine):
    for path, words in {"/v1.99/info": "too new. Maximum supported API version is", "/v1.10/info": "too old"}.items():
        status, body = engine.api("GET", path)
        assert status == 400 and words.encode() in body


def test_unknown_path(engine):
    status, body = engine.api("GET", "/v1.41/nosuch")
    assert status == 404 and json.loads(body) == {"message": "page not found"}


def test_py_run(py):
    """Output of short containers is whole; exit statuses are errors."""
    for n in range(5):
        assert py.containers.run("busybox", ["echo", str(n)], remove=True) == f"{n}\n".encode()
    with pytest.raises(docker.errors.ContainerError) as failure:
        py.containers.run("busybox", ["sh", "-c", "echo bad >&2; exit 3"], remove=True)
    assert failure.value.exit_status == 3 and b"bad" in failure.value.stderr
    assert py.containers.list(all=True) == []


def test_py_life(py):
    container = py.containers.run("busybox", ["sh", "-c", "echo up; sleep 100"], detach=True, name="py")
    assert container.status == "created" and py.containers.get("py").status == "running"
    assert next(container.logs(stream=True, follow=True)).strip() == b"up"
    container.kill()
    assert container.wait()["StatusCode"] == 137
    assert [c.name for c in py.containers.list(all=True, filters={"status": "exited"})] == ["py"]
    container.remove()


def test_py_exec_loses_nothing(py):
    """50 short programs, each with its output and status: the start of the stream must not be lost."""
    container = py.containers.run("busybox", ["sleep", "100"], detach=True)
    for n in range(50):
        done = container.exec_run(["sh", "-c", f"echo {n}; echo e{n} >&2; exit {n % 3}"], demux=True)
        assert (done.exit_code, done.output) == (n % 3, (f"{n}\n".encode(), f"e{n}\n".encode()))


def test_py_attach_and_demux(py):
    container = py.containers.create("busybox", ["sh", "-c", "echo out; echo err >&2"])
    stream = container.attach(stream=True, demux=True)
    container.start()
    said = list(stream)
    assert b"".join(o for o, _ in said if o) == b"out\n" and b"".join(e for _, e in said if e) == b"err\n"


def test_py_images(py, rootfs_tar):
    (loaded,) = py.images.load(b"".join(py.images.get("busybox").save(named=True)))
    assert loaded.tags == ["busybox:latest"]
    assert loaded.tag("copy", "v1") and py.images.get("copy:v1").id == loaded.id
    py.images.remove("copy:v1")
    with pytest.raises(docker.errors.ImageNotFound):
        py.images.get("copy:v1")
    with pytest.raises(docker.errors.NotFound):
        py.containers.get("nosuch")


def test_py_diff_and_archive_of_tree(py):
    container = py.containers.create("busybox", ["sh", "-c", "echo x >/new"])
    container.start()
    container.wait()
    assert container.diff() == [{"Path": "/new", "Kind": 1}]
    assert len(b"".join(container.export())) > 1_000_000


def test_several_clients_at_once(engine):
    if isinstance(engine, peer.Dockerd):
        pytest.skip("a promise of Varve")
    children = [engine.spawn("ps", "-a") for _ in range(30)]
    assert all(child.communicate(timeout=30) and child.returncode == 0 for child in children)
