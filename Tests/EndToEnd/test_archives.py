"""Images travel between Debian's dockerd 20.10, skopeo and Varve, and stay what they are."""
import json
import re

import pytest

import engine as engines
import tricky


@pytest.fixture(scope="module")
def dockerd(make_module_daemon, busybox_tar):
    """The judge, with the tricky image built by it."""
    daemon = make_module_daemon("overlay2", kind="dockerd")
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("build", "--network", "none", "-t", "tricky:v1", "-", stdin=tricky.context(), timeout=120)
    return daemon


@pytest.fixture(scope="module")
def archive(dockerd, place):
    """The tricky image as dockerd saves it."""
    path = place / "tricky.tar"
    dockerd.docker("save", "-o", path, "tricky:v1")
    yield path
    path.unlink()


@pytest.fixture(scope="module")
def expected(dockerd):
    return tricky.exported(dockerd, "tricky:v1")


@pytest.fixture
def loaded(engine, archive):
    assert engine.varve("load", "-i", archive).out == "Loaded image: tricky:v1\n"
    yield engine
    engine.docker("rmi", "-f", "tricky:v1", check=False)


def identity(daemon, image):
    """Its id and the digests of its layers."""
    return daemon.inspect(image, "{{json .Id}}"), daemon.inspect(image, "{{json .RootFS.Layers}}")


def skopeo(*arguments):
    result = engines.run(["skopeo", "--insecure-policy", *arguments], timeout=120)
    assert result.code == 0, result
    return result.out


def test_identity_is_kept(dockerd, loaded):
    assert identity(loaded, "tricky:v1") == identity(dockerd, "tricky:v1")


def test_history_is_dockers(dockerd, loaded):
    form = ("history", "--no-trunc", "--format", "{{.CreatedBy}}|{{.Comment}}", "tricky:v1")
    assert loaded.docker(*form).lines == dockerd.docker(*form).lines


def test_tree_is_the_same(loaded, expected):
    """Whiteouts, opaque folders, links, capabilities, devices, odd names, owners, times: as dockerd shows them."""
    tree, links = tricky.exported(loaded, "tricky:v1")
    assert not tricky.difference(tree, expected[0])
    assert links == expected[1]


def test_it_runs(loaded):
    result = loaded.docker("run", "--rm", "tricky:v1")
    assert result.lines[:5] == tricky.SAYS
    assert "/opaque:\nlink\nnew\nsub" in result.out and "/home: No such file" in result.both and "/etc/motd: No such" in result.both


def test_saved_bytes_are_the_same_layers(loaded, dockerd, tmp_path):
    """`varve save`: dockerd loads it as the very same image, without its name having been there."""
    loaded.varve("save", "-o", tmp_path / "out.tar", "tricky:v1")
    before = identity(dockerd, "tricky:v1")
    dockerd.docker("tag", "tricky:v1", "kept:v1")
    dockerd.docker("rmi", "tricky:v1")
    assert "Loaded image: tricky:v1" in dockerd.docker("load", "-i", tmp_path / "out.tar").out
    dockerd.docker("rmi", "kept:v1")
    assert identity(dockerd, "tricky:v1") == before


def test_dockerd_runs_what_varve_saved(loaded, make_daemon, tmp_path, expected):
    """On a dockerd that never saw the image: every layer comes out of our archive."""
    loaded.varve("save", "-o", tmp_path / "out.tar", "tricky:v1")
    other = make_daemon("overlay2", kind="dockerd")
    other.docker("load", "-i", tmp_path / "out.tar")
    tree, links = tricky.exported(other, "tricky:v1")
    assert not tricky.difference(tree, expected[0]) and links == expected[1]


def test_skopeo_reads_both_layouts(loaded, dockerd, tmp_path):
    loaded.varve("save", "-o", tmp_path / "out.tar", "tricky:v1")
    layers = identity(dockerd, "tricky:v1")[1]
    assert json.loads(skopeo("inspect", f"docker-archive:{tmp_path}/out.tar"))["Layers"] == layers
    assert json.loads(skopeo("inspect", f"oci-archive:{tmp_path}/out.tar"))["Layers"] == layers


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_oci_archive_of_skopeo(engine, dockerd, archive, expected, tmp_path, compression):
    """Layers come compressed and leave as what they are."""
    target = f"oci-archive:{tmp_path}/oci.tar:tricky:oci"
    skopeo("copy", "--dest-compress-format", compression, f"docker-archive:{archive}", target)
    said = engine.varve("load", "-i", tmp_path / "oci.tar").out
    image = re.search(r"Loaded image(?: ID)?: (\S+)", said)[1]
    assert identity(engine, image)[1] == identity(dockerd, "tricky:v1")[1]
    tree, links = tricky.exported(engine, image)
    assert not tricky.difference(tree, expected[0]) and links == expected[1]
    engine.varve("save", "-o", tmp_path / "back.tar", image)
    back = json.loads(skopeo("inspect", f"docker-archive:{tmp_path}/back.tar"))
    assert back["Layers"] == identity(dockerd, "tricky:v1")[1]
    engine.docker("rmi", "-f", image)


def test_skopeo_archive_with_compressed_layers(engine, dockerd, archive, tmp_path):
    """A docker-archive as skopeo writes it."""
    skopeo("copy", f"docker-archive:{archive}", f"docker-archive:{tmp_path}/s.tar:tricky:skopeo")
    engine.varve("load", "-i", tmp_path / "s.tar")
    assert identity(engine, "tricky:skopeo")[1] == identity(dockerd, "tricky:v1")[1]
    engine.docker("rmi", "-f", "tricky:skopeo")


def test_many_images_at_once(loaded, dockerd, tmp_path):
    """Two images that share layers, in one archive, in both directions."""
    loaded.varve("save", "-o", tmp_path / "two.tar", "tricky:v1", "busybox:latest")
    said = dockerd.docker("load", "-i", tmp_path / "two.tar").out
    assert "tricky:v1" in said and "busybox:latest" in said
    dockerd.docker("save", "-o", tmp_path / "back.tar", "tricky:v1", "busybox:latest")
    said = loaded.varve("load", "-i", tmp_path / "back.tar").out
    assert "tricky:v1" in said and "busybox:latest" in said
