"""Images: in, out, listed, named, described and removed."""
import io
import json
import re
import tarfile

import pytest

import engine as engines
import rootfs


@pytest.fixture
def layers():
    """Three layers: busybox, one that adds, one that removes."""
    return [
        rootfs.busybox_layer(),
        rootfs.tar([rootfs.folder("srv"), rootfs.member("srv/added", data=b"added\n"), rootfs.member("srv/gone", data=b"x")]),
        rootfs.tar([rootfs.member("srv/.wh.gone"), rootfs.member("etc/.wh.motd")]),
    ]


@pytest.fixture
def three(cli, layers, tmp_path):
    """An image of three layers, loaded as three:latest; gone after the test."""
    (tmp_path / "three.tar").write_bytes(rootfs.docker_archive(layers, "three:latest"))
    assert cli("load", "-i", tmp_path / "three.tar").out == "Loaded image: three:latest\n"
    yield "three"
    cli.daemon.docker("rmi", "-f", rootfs.image_id(layers), check=False)


def test_list(cli, three, layers):
    table = cli("images").lines
    assert table[0].split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    short = rootfs.image_id(layers)[7:19]
    assert any(re.match(rf"three +latest +{short} +\d+ .* ago +[\d.]+MB$", line) for line in table), table
    assert cli("images", "-q", "three").out.strip() == short
    assert cli("images", "-q", "--no-trunc", "three").out.strip() == rootfs.image_id(layers)
    assert cli("images", "--format", "{{.Repository}}:{{.Tag}}", "three").out == "three:latest\n"
    assert cli("images", "nosuch", "-q").out == ""


def test_layers_apply_in_order(cli, three):
    """What an upper layer removes is gone, what a lower one has is there."""
    script = "cat /srv/added; ls /srv; test -e /etc/motd || echo no motd"
    assert cli("run", "--rm", three, "sh", "-c", script).lines == ["added", "added", "no motd"]


def test_inspect(cli, three, layers):
    image = json.loads(cli("inspect", "--type", "image", three).out)[0]
    assert image["Id"] == rootfs.image_id(layers) and image["RepoTags"] == ["three:latest"]
    assert image["RootFS"] == {"Type": "layers", "Layers": rootfs.image_config(layers)["rootfs"]["diff_ids"]}
    assert (image["Architecture"], image["Os"]) == ("amd64", "linux") and image["Size"] > 1_000_000
    assert image["Config"]["Cmd"] == ["sh"] and image["GraphDriver"]["Name"] == cli.daemon.driver


def test_history(cli, three):
    table = cli("history", three).lines
    assert table[0].split()[:4] == ["IMAGE", "CREATED", "CREATED", "BY"] and len(table) == 4
    assert "layer 2" in table[1] and table[2].startswith("<missing>") and table[3].startswith("<missing>")
    assert cli("history", "-q", "--no-trunc", three).lines[1:] == ["<missing>", "<missing>"]


def test_tag_and_untag(cli, three, layers):
    """Removing one of two names takes the name; removing the last takes the image."""
    cli("tag", three, "127.0.0.1:5000/other/name:v2")
    assert cli("rmi", "127.0.0.1:5000/other/name:v2").out == "Untagged: 127.0.0.1:5000/other/name:v2\n"
    removed = cli("rmi", three).lines
    assert removed[:2] == ["Untagged: three:latest", "Deleted: " + rootfs.image_id(layers)]
    assert [line.split(":")[0] for line in removed[2:]] == ["Deleted", "Deleted"]     # the layers of its own
    assert cli("image", "inspect", "busybox").code == 0


def test_id_with_two_names_needs_force(cli, three, layers):
    cli("tag", three, "also:v1")
    result = cli("rmi", rootfs.image_id(layers), check=False)
    assert result.code == 1 and "must be forced" in result.err and "multiple repositories" in result.err
    assert "Untagged: also:v1" in cli("rmi", "-f", rootfs.image_id(layers)).out


def test_image_in_use(cli, three):
    """A stopped container needs force, a running one refuses even that, by id."""
    container = cli("create", "--name", "user", three, "sleep", "100").out.strip()
    result = cli("rmi", three, check=False)
    assert result.code == 1 and f"container {container[:12]} is using its referenced image" in result.err, result
    cli("start", "user")
    image = cli("images", "-q", three).out.strip()
    result = cli("rmi", "-f", image, check=False)
    assert result.code == 1 and "cannot be forced" in result.err and "running container" in result.err, result


@pytest.mark.parametrize("name, words", [("INVALID", "must be lowercase"), ("a b", "invalid reference format")])
def test_bad_reference(cli, name, words):
    result = cli("tag", "busybox", name, check=False)
    assert result.code != 0 and words in result.err, result


@pytest.mark.parametrize("verb", [["rmi"], ["history"], ["save"], ["tag"], ["inspect", "--type", "image"]])
def test_unknown_image(cli, verb, tmp_path):
    arguments = verb + ["nosuch"] + (["new"] if verb == ["tag"] else [])
    arguments += ["-o", tmp_path / "x"] if verb == ["save"] else []
    result = cli(*arguments, check=False)
    assert result.code == 1 and "nosuch" in result.err, result
    assert "o such" in result.err or "does not exist" in result.err, result


def test_save_has_both_layouts(cli, three, layers, tmp_path):
    """What is written opens as docker-archive and as OCI layout, and holds the very same bytes of each layer."""
    cli("save", "-o", tmp_path / "out.tar", three)
    with tarfile.open(tmp_path / "out.tar") as archive:
        files = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}
    manifest = json.loads(files["manifest.json"])[0]
    assert manifest["RepoTags"] == ["three:latest"]
    assert [files[path] for path in manifest["Layers"]] == layers
    index = json.loads(files["index.json"])["manifests"]
    assert "oci-layout" in files and len(index) == 1
    oci = json.loads(files["blobs/sha256/" + index[0]["digest"][7:]])
    assert [layer["digest"] for layer in oci["layers"]] == rootfs.image_config(layers)["rootfs"]["diff_ids"]
    assert files["blobs/sha256/" + oci["config"]["digest"][7:]] == files[manifest["Config"]]


def test_save_and_load_of_two(cli, three, layers, tmp_path):
    cli("save", "-o", tmp_path / "two.tar", three, "busybox")
    cli("rmi", three)
    assert set(cli("load", "-i", tmp_path / "two.tar").lines) == {"Loaded image: three:latest", "Loaded image: busybox:latest"}
    assert cli("images", "-q", "--no-trunc", three).out.strip() == rootfs.image_id(layers)


def test_load_moves_a_name(cli, three, layers, tmp_path):
    """The newly loaded image takes the name; the old one stays without."""
    (tmp_path / "new.tar").write_bytes(rootfs.docker_archive(layers[:2], "three:latest"))
    cli("load", "-i", tmp_path / "new.tar")
    assert cli("images", "-q", "--no-trunc", "three").out.strip() == rootfs.image_id(layers[:2])
    assert rootfs.image_id(layers) in cli.daemon.image_ids()
    cli("rmi", "three")


def test_import(cli, rootfs_tar):
    """A tree becomes an image of one layer, with the configuration asked for."""
    changes = ["--change", 'CMD ["echo", "imported"]', "--change", "ENV PATH=/bin", "--change", "LABEL a=b"]
    image = cli("import", *changes, "-m", "why", rootfs_tar, "imported:v1").out.strip()
    assert re.fullmatch("sha256:[0-9a-f]{64}", image)
    assert cli("run", "--rm", "imported:v1").out == "imported\n"
    assert "why" in cli("history", "imported:v1").out
    assert cli.daemon.inspect("imported:v1", "{{json .Config.Labels}}") == {"a": "b"}
    cli("rmi", "imported:v1")


def test_import_from_standard_input(cli, rootfs_tar):
    cli("import", "-", "piped", stdin=rootfs_tar.read_bytes())
    assert cli("run", "--rm", "piped", "/bin/echo", "fine").out == "fine\n"
    cli("rmi", "piped")


@pytest.mark.parametrize("tool", ["gzip", "bzip2", "xz", "zstd"])
def test_load_of_compressed_archives(cli, tool, busybox_tar):
    """Also from standard input."""
    packed = engines.run([tool, "-c", busybox_tar], stdout=-1)
    assert packed.code == 0, packed
    data = packed.out.encode("utf-8", "surrogateescape")
    assert cli("load", stdin=data).out == "Loaded image: busybox:latest\n"


def test_export(cli, tmp_path):
    """The tree as the container left it, as one tar; from a stopped one as well."""
    cli("run", "--name", "left", "busybox", "sh", "-c", "echo mine >/mine; rm /etc/motd")
    cli("export", "-o", tmp_path / "tree.tar", "left")
    with tarfile.open(tmp_path / "tree.tar") as archive:
        names = {name.lstrip("./") for name in archive.getnames()}
        inside = {m.name.lstrip("./"): m for m in archive}
        assert archive.extractfile(inside["mine"]).read() == b"mine\n"
        assert inside["bin/sh"].issym() and inside["bin/busybox"].mode & 0o7777 == 0o755 and inside["tmp"].mode & 0o7777 == 0o1777
    assert "etc/motd" not in names and "etc/passwd" in names


def test_export_then_import_is_the_same_tree(cli):
    cli("run", "--name", "left", "busybox", "sh", "-c", "echo mine >/mine")
    tree = cli("export", "left", stdout=-1).out.encode("utf-8", "surrogateescape")
    assert "mine" in tarfile.open(fileobj=io.BytesIO(tree)).getnames()
    cli("import", "-", "again", stdin=tree)
    assert cli("run", "--rm", "again", "/bin/cat", "/mine").out == "mine\n"
    cli("rmi", "again")
