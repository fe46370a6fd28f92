"""Bad archives, names and disks: a message that helps, Docker's exit status, and nothing half-made stays."""
import contextlib
import json
import os

import pytest

import conftest
import dataroot
import drivers
import engine as engines
import rootfs


@contextlib.contextmanager
def untouched(daemon):
    """Whatever happens inside, images and data root are the same afterwards, and the daemon is well."""
    before, layers = daemon.image_ids(), dataroot.DataRoot(daemon.data_root, daemon.driver).driver_layers()
    yield
    assert daemon.image_ids() == before
    assert not dataroot.problems(daemon)
    assert dataroot.DataRoot(daemon.data_root, daemon.driver).driver_layers() == layers
    assert daemon.docker("run", "--rm", "busybox", "echo", "well").out == "well\n"


def small():
    return rootfs.tar([rootfs.member("file", data=os.urandom(300_000))])


def with_config(change):
    layer = small()
    config = rootfs.image_config([layer])
    change(config)
    return rootfs.docker_archive([layer], "bad:v1", config)


def oci(change):
    """An OCI archive with one blob's bytes changed after its digest was taken."""
    import hashlib
    layer = small()
    blobs = {"config": json.dumps(rootfs.image_config([layer])).encode(), "layer": layer}
    describe = lambda name, kind: {"mediaType": kind, "digest": "sha256:" + hashlib.sha256(blobs[name]).hexdigest(), "size": len(blobs[name])}
    blobs["manifest"] = json.dumps({
        "schemaVersion": 2, "config": describe("config", "application/vnd.oci.image.config.v1+json"),
        "layers": [describe("layer", "application/vnd.oci.image.layer.v1.tar")],
    }).encode()
    index = {"schemaVersion": 2, "manifests": [describe("manifest", "application/vnd.oci.image.manifest.v1+json")]}
    paths = {name: "blobs/sha256/" + hashlib.sha256(data).hexdigest() for name, data in blobs.items()}
    change(blobs)
    members = [rootfs.member(paths[name], data=data) for name, data in blobs.items() if data is not None]
    return rootfs.tar([rootfs.member("oci-layout", data=b'{"imageLayoutVersion":"1.0.0"}'),
                       rootfs.member("index.json", data=json.dumps(index).encode()), *members])


BAD = {  # what → (the archive, words that the message has)
    "empty": (lambda: b"", ""),
    "no tar": (lambda: b"this is text, not an archive\n" * 100, ""),
    "tar without an image": (lambda: rootfs.tar([rootfs.member("readme", data=b"x")]), "manifest.json"),
    "truncated": (lambda: rootfs.docker_archive([small()], "bad:v1")[:150_000], ""),
    "missing layer": (lambda: rootfs.docker_archive([small()], "bad:v1", wrong={"0/layer.tar": None}), "0/layer.tar"),
    "layer of another digest": (lambda: rootfs.docker_archive([small()], "bad:v1", wrong={"0/layer.tar": small()}), "sha256:"),
    "layer that is no tar": (lambda: rootfs.docker_archive([b"text" * 1000], "bad:v1"), ""),
    "manifest that is no JSON": (lambda: rootfs.docker_archive([small()], "bad:v1", wrong={"manifest.json": b"{"}), "manifest.json"),
    "missing config": (lambda: rootfs.docker_archive([small()], "bad:v1", wrong={
        "manifest.json": b'[{"Config":"gone.json","RepoTags":null,"Layers":["0/layer.tar"]}]'}), "gone.json"),
    "config without rootfs": (lambda: with_config(lambda config: config.pop("rootfs")), "ootfs"),
    "more layers in the config": (lambda: with_config(lambda config: config["rootfs"]["diff_ids"].append("sha256:" + "0" * 64)), ""),
    "bad digest in the config": (lambda: with_config(lambda config: config["rootfs"].update(diff_ids=["sha256:../../x"])), ""),
    "another system": (lambda: with_config(lambda config: config.update(os="windows")), "windows"),
    "bad name": (lambda: rootfs.docker_archive([small()], "UPPER/../x:v1"), "UPPER"),
    "OCI layer of another digest": (lambda: oci(lambda blobs: blobs.update(layer=small())), "sha256:"),
    "OCI config of another digest": (lambda: oci(lambda blobs: blobs.update(config=blobs["config"] + b" ")), "sha256:"),
    "OCI without a layer": (lambda: oci(lambda blobs: blobs.update(layer=None)), "sha256:"),
    "path out of the archive": (lambda: rootfs.docker_archive([small()], "bad:v1", wrong={
        "manifest.json": b'[{"Config":"../../../etc/passwd","RepoTags":null,"Layers":["/etc/shadow"]}]'}), ""),
}


@pytest.mark.parametrize("what", BAD)
def test_load_of(engine, what, tmp_path):
    make, words = BAD[what]
    (tmp_path / "bad.tar").write_bytes(make())
    with untouched(engine):
        result = engine.docker("load", "-i", tmp_path / "bad.tar", check=False)
        assert result.code == 1 and words.lower() in result.err.lower() and len(result.err.strip()) > 10, result
        assert "internal" not in result.err.lower()


@pytest.mark.parametrize("verb", ["load", "import"])
def test_no_file(cli, verb):
    arguments = ["-i", "/nosuch/file.tar"] if verb == "load" else ["/nosuch/file.tar"]
    result = cli(verb, *arguments, check=False)
    assert result.code == 1 and "/nosuch/file.tar" in result.err and "no such file" in result.err.lower()


@pytest.mark.parametrize("data", [b"no tar at all" * 100, rootfs.tar([rootfs.member("f", data=b"x" * 50_000)])[:20_000]])
def test_bad_import(engine, data):
    with untouched(engine):
        result = engine.docker("import", "-", "bad:v1", stdin=data, check=False)
        assert result.code == 1 and result.err.strip(), result


@pytest.mark.parametrize("change", ["FROM x", "RUN true", "NOSUCH a", "ENV"])
def test_import_with_a_bad_change(engine, rootfs_tar, change):
    with untouched(engine):
        result = engine.docker("import", "--change", change, rootfs_tar, "bad:v1", check=False)
        assert result.code == 1 and change.split()[0].lower() in result.err.lower(), result


def test_ambiguous_prefix(cli):
    """17 containers: two of them begin with the same digit."""
    ids = [cli("create", "busybox", "true").out.strip() for _ in range(17)]
    prefix = next(i[0] for i in ids if sum(other[0] == i[0] for other in ids) > 1)
    result = cli("start", prefix, check=False)
    assert result.code == 1 and "ultiple IDs found with provided prefix" in result.err, result


@pytest.mark.parametrize("arguments, code, words", [
    (["run", "--rm", "nosuchimage", "true"], 125, "nosuchimage"),
    (["run", "--rm", "UPPER", "true"], 125, "must be lowercase"),
    (["run", "--rm", "--name", "bad name", "busybox", "true"], 125, "Invalid container name"),
    (["run", "--rm", "--nosuchflag", "busybox", "true"], 125, "nosuchflag"),
    (["run", "--rm", "-v", "relative/path:relative", "busybox", "true"], 125, ""),
    (["run", "--rm", "--mount", "type=bind,src=/nosuchdir,dst=/mnt", "busybox", "true"], 125, "/nosuchdir"),
    (["run", "--rm", "--cap-add", "NOSUCH", "busybox", "true"], 125, "NOSUCH"),
    (["nosuchverb"], 1, "nosuchverb"),
])
def test_bad_command_lines(cli, arguments, code, words):
    if "--mount" in arguments and cli.name == "varve":
        pytest.skip("varve has -v only")
    result = cli(*arguments, check=False)
    assert result.code == code and words in result.both, result
    assert cli("ps", "-aq").out == ""


@pytest.mark.parametrize("body", ["{", "[]", "null", '{"Image": 7}', "{}", '{"Image":"busybox","Cmd":[]}x'])
def test_bad_request_bodies(engine, body):
    """Wrong JSON is the client's mistake, never a crash."""
    connection_body = body.encode()
    connection = engines.UnixConnection(engine.socket)
    connection.request("POST", "/v1.50/containers/create", connection_body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    assert response.status == 400 and json.loads(response.read())["message"]
    connection.close()


def send(daemon, path, body, headers):
    with contextlib.closing(engines.UnixConnection(daemon.socket)) as connection:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")


def test_what_a_web_page_can_send(engine):
    """A page may post text to any address, and its browser says where it is from: neither gets through."""
    for path in ("/volumes/create", "/containers/create", "/commit?container=x"):
        for kind in ("text/plain", "text/plain; application/json", "application/x-www-form-urlencoded"):
            status, said = send(engine, path, b'{"Name":"page"}', {"Content-Type": kind})
            assert (status, said["message"]) == (400, f"unsupported Content-Type header ({kind}): must be 'application/json'")
    assert send(engine, "/volumes/create", b'{"Name":"page"}', {})[0] == 400
    for kind in ("application/json", "Application/JSON; charset=utf-8"):
        status, said = send(engine, "/volumes/create", b'{"Name":"page"}', {"Content-Type": kind, "Origin": "http://page.example"})
        assert status == 403 and "Origin" in said["message"]
        assert "page" not in engine.docker("volume", "ls", "-q").lines
        assert send(engine, "/volumes/create", b'{"Name":"page"}', {"Content-Type": kind})[0] == 201
        engine.docker("volume", "rm", "page")
    assert send(engine, "/containers/prune", None, {"Origin": "null"})[0] == 403


class TestFullDisk:
    """A disk of 40 MB."""

    @pytest.fixture
    def daemon(self, place, driver, busybox_tar):
        folder = place / f"full-{driver}"
        kind = drivers.FILE_SYSTEM.get(driver, "ext4")
        with conftest.loop_disk(place / f"full-{driver}.img", folder, "40M", kind) as disk:
            with conftest.daemons(place, conftest.OneDisk(disk)) as make:
                daemon = make(driver)
                daemon.docker("load", "-i", busybox_tar)
                yield daemon
        folder.rmdir()

    def test_load(self, daemon, tmp_path):
        layer = rootfs.tar([rootfs.member(f"f{n}", data=os.urandom(1 << 20)) for n in range(60)])
        (tmp_path / "big.tar").write_bytes(rootfs.docker_archive([rootfs.busybox_layer(), layer], "big:v1"))
        with untouched(daemon):
            result = daemon.docker("load", "-i", tmp_path / "big.tar", check=False)
            assert result.code == 1 and "no space left on device" in result.err.lower(), result

    def test_import(self, daemon):
        layer = rootfs.tar([rootfs.member(f"f{n}", data=os.urandom(1 << 20)) for n in range(60)])
        with untouched(daemon):
            result = daemon.docker("import", "-", "big:v1", stdin=layer, check=False)
            assert result.code == 1 and "no space left on device" in result.err.lower(), result

    def test_container_that_fills_it(self, daemon):
        """The container gets ENOSPC; others can be listed, stopped and removed."""
        script = "dd if=/dev/zero of=/fill bs=1M 2>&1; echo over"
        result = daemon.docker("run", "--name", "filler", "busybox", "sh", "-c", script, check=False)
        assert "No space left on device" in result.out, result
        result = daemon.docker("create", "--name", "more", "busybox", "true", check=False)
        if result.code:
            assert "no space left on device" in result.err.lower(), result
        daemon.remove_containers()
        assert not dataroot.problems(daemon)
        assert daemon.docker("run", "--rm", "busybox", "echo", "well").out == "well\n"
