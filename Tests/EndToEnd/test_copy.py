"""`cp`: files into and out of containers that run or do not, and never anywhere else."""
import base64
import collections
import contextlib
import io
import json
import os
import pathlib
import subprocess
import tarfile
import time
import urllib.parse

import docker
import pytest

import clients
import engine as running


def api(daemon):
    return docker.DockerClient(base_url=daemon.host, version="auto", timeout=60)


CLIENTS = pytest.mark.parametrize(
    "copy", [lambda daemon, *words, **more: daemon.docker("cp", *words, **more), lambda daemon, *words, **more: daemon.varve("cp", *words, **more)], ids=["docker", "varve"]
)
Answer = collections.namedtuple("Answer", "status headers body")


def ask(daemon, method, path, body=None):
    """A request as it is, with a tar as its body."""
    with contextlib.closing(running.UnixConnection(daemon.socket, 30 * running.PATIENCE)) as connection:
        connection.request(method, path, body, {"Content-Type": "application/x-tar"} if body is not None else {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())


def tar_of(*members):
    """A tar of (name, bytes or None for a folder or str for a link to it)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.mode, info.uid, info.gid = 0o640, 12, 34
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o750
            elif isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return buffer.getvalue()


@pytest.fixture(params=["created", "running", "ended"])
def box(engine, request):
    """A container in each state, with a few files of its own."""
    work = "mkdir -p /srv/d/e; echo one >/srv/d/f; ln -s d/f /srv/l; ln -s /srv/d /srv/to; chmod 4755 /srv/d/f; exec sleep {}"
    time = 600 if request.param == "running" else 0
    engine.docker("create", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", work.format(time))
    if request.param == "created":
        engine.docker("cp", "-", "box:/", stdin=tar_of(("srv", None), ("srv/d", None), ("srv/d/e", None), ("srv/d/f", b"one\n"), ("srv/l", "d/f"), ("srv/to", "/srv/d")))
    else:
        engine.docker("start", "box")
        if request.param == "ended":
            engine.docker("wait", "box")
        else:
            clients.eventually(lambda: engine.docker("exec", "box", "test", "-u", "/srv/d/f", check=False).code == 0)
    return engine


@CLIENTS
def test_there_and_back(box, tmp_path, copy):
    """A folder with all kinds of files comes back as it went in."""
    out = tmp_path / "out"
    copy(box, "box:/srv/.", out)
    assert (out / "d/f").read_text() == "one\n" and os.readlink(out / "l") == "d/f" and (out / "d/e").is_dir()
    source = tmp_path / "in"
    (source / "deep/er").mkdir(parents=True)
    (source / "deep/er/big").write_bytes(os.urandom(3 << 20))
    (source / "ä ö\n").write_text("odd")
    (source / "link").symlink_to("/nowhere")
    os.chmod(source / "deep/er/big", 0o4711)
    copy(box, source, "box:/srv")
    copy(box, "box:/srv/in", tmp_path / "back")
    for path in ["deep/er/big", "ä ö\n"]:
        assert (tmp_path / "back" / path).read_bytes() == (source / path).read_bytes()
    assert os.readlink(tmp_path / "back/link") == "/nowhere"
    assert os.stat(tmp_path / "back/deep/er/big").st_mode & 0o7777 == 0o4711
    copy(box, source / "deep/er/big", "box:/srv/d/f")
    copy(box, "box:/srv/d/f", tmp_path / "single")
    assert (tmp_path / "single").read_bytes() == (source / "deep/er/big").read_bytes()


@CLIENTS
def test_follows_links_as_the_command_does(box, tmp_path, copy):
    """A link is copied as a link, with -L as what it leads to; a link to a folder leads into it."""
    copy(box, "box:/srv/l", tmp_path / "link")
    assert os.readlink(tmp_path / "link") == "d/f"
    copy(box, "-L", "box:/srv/l", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "one\n"
    (tmp_path / "new").write_text("two\n")
    copy(box, tmp_path / "new", "box:/srv/to/new")
    copy(box, "box:/srv/d/new", tmp_path / "again")
    assert (tmp_path / "again").read_text() == "two\n"


def test_docker_py(box):
    """What a path is, a tar of it, and a tar into it; the tar's owners stay."""
    container = api(box).containers.get("box")
    stream, status = container.get_archive("/srv/d")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        assert sorted(tar.getnames()) == ["d", "d/e", "d/f"]
    assert status["name"] == "d" and status["mode"] >> 31 == 1 and status["linkTarget"] == ""
    _, status = container.get_archive("/srv/l")
    assert (status["name"], status["linkTarget"]) == ("l", "/srv/d/f") and status["mode"] & 1 << 27
    assert container.put_archive("/srv", tar_of(("x", None), ("x/y", b"z")))
    stream, _ = container.get_archive("/srv/x")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        found = [(m.name, m.mode, m.uid, m.gid) for m in tar]
    assert found == [("x", 0o750, 12, 34), ("x/y", 0o640, 12, 34)]


@pytest.mark.parametrize("pack", ["gzip -c", "xz -c", "zstd -c", "bzip2 -c"])
def test_compressed(engine, tmp_path, pack):
    engine.docker("create", "--name", "box", "busybox")
    plain = tmp_path / "plain.tar"
    plain.write_bytes(tar_of(("tmp/packed", b"content")))
    packed = subprocess.run([*pack.split(), plain], capture_output=True, check=True).stdout
    engine.docker("cp", "-", "box:/", stdin=packed)
    engine.docker("cp", "box:/tmp/packed", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"content"


@CLIENTS
def test_errors(box, tmp_path, copy):
    """Each says what is wrong, and nothing is made."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    for words, said in [
        (["box:/none", tmp_path], "Could not find the file /none in container box"),
        ([tmp_path / "file", "box:/none/file"], "Could not find the file /none in container box"),
        ([tmp_path / "folder", "box:/srv/d/f"], "cannot copy directory"),
        (["nobody:/srv", tmp_path], "No such container: nobody"),
    ]:
        failed = copy(box, *words, check=False)
        assert failed.code == 1 and said in failed.err, failed
    for path, status in [("/srv/d/f", 400), ("/none", 404), ("", 400)]:
        query = urllib.parse.urlencode({"path": path})
        answer = ask(box, "PUT", f"/containers/box/archive?{query}", tar_of(("n", b"")))
        assert answer.status == status, (path, answer.status, answer.body)
    query = urllib.parse.urlencode({"path": "/srv", "noOverwriteDirNonDir": "true"})
    for name, content, said in [("d", b"", "cannot overwrite directory"), ("d/f", None, "cannot overwrite non-directory")]:
        answer = ask(box, "PUT", f"/containers/box/archive?{query}", tar_of((name, content)))
        assert answer.status == 400 and said in answer.body.decode(), answer.body
    assert ask(box, "PUT", f"/containers/box/archive?{query}", b"no tar" * 200).status == 400


def test_links_lead_nowhere_but_into_the_container(engine, tmp_path):
    """In the container, in a tar, on the way and at the end: links stay in the container's tree."""
    engine.docker("run", "--name", "box", "busybox", "sh", "-c", "ln -s ../../../../../../etc /evil; ln -s /proc/1/root /root-of; echo mine >/etc/own")
    (tmp_path / "f").write_text("x")
    engine.docker("cp", tmp_path / "f", "box:/evil/varve-was-here")
    assert not pathlib.Path("/etc/varve-was-here").exists()
    engine.docker("cp", "box:/evil/own", tmp_path / "own")
    assert (tmp_path / "own").read_text() == "mine\n"
    outside = str(tmp_path / "outside")
    failed = engine.docker("cp", "-", "box:/tmp", stdin=tar_of(("l", str(tmp_path)), ("l/outside", b"x")), check=False)
    assert failed.code == 1 and "No such file" in failed.err, "there is no such folder in the container"
    assert not pathlib.Path(outside).exists()
    for name in ["../../up", "a/../../../up"]:
        answer = ask(engine, "PUT", "/containers/box/archive?path=/tmp", tar_of((name, b"x")))
        assert answer.status == 400 and "outside" in answer.body.decode(), answer.body


def test_a_container_that_swaps_folders(engine, tmp_path):
    """While a container turns a folder into a link to / and back, nothing lands on the host."""
    swap = "mkdir /a; ln -s / /b; while :; do mv /a /c; mv /b /a; mv /a /b; mv /c /a; done"
    engine.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", swap)
    mark = f"varve-mark-{os.getpid()}"
    number, landed, deadline = 0, 0, time.monotonic() + 60 * running.PATIENCE
    # On a busy machine the container may not have begun after the first sixty.
    while number < 60 or not landed:
        assert time.monotonic() < deadline, "none found the folder"
        landed += ask(engine, "PUT", "/containers/box/archive?path=/a", tar_of((f"{mark}-{number}", b"x"))).status == 200
        number += 1
    assert not [name for name in os.listdir("/") if name.startswith(mark)]
    # They are counted when nothing is moved any more: a name that was found a moment ago is another file's now.
    engine.docker("kill", "box")
    assert [line for line in engine.docker("diff", "box").lines if mark in line]


@CLIENTS
def test_mounts(engine, tmp_path, copy):
    """Of a running container what is mounted; of another what would be. What may not be written is not."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "f").write_text("of the host\n")
    (tmp_path / "new").write_text("new\n")
    for name, command in [("still", ["true"]), ("alive", ["sleep", "600"])]:
        engine.docker("create", "--name", name, "--stop-timeout", "0", "-v", f"{source}:/mnt/w", "-v", f"{source}:/mnt/r:ro", "busybox", *command)
    engine.docker("start", "alive")
    for name in ["still", "alive"]:
        copy(engine, f"{name}:/mnt/w/f", tmp_path / name)
        assert (tmp_path / name).read_text() == "of the host\n"
        copy(engine, tmp_path / "new", f"{name}:/mnt/w/from-{name}")
        assert (source / f"from-{name}").read_text() == "new\n"
        failed = copy(engine, tmp_path / "new", f"{name}:/mnt/r/new", check=False)
        assert failed.code == 1 and "marked read-only" in failed.err, failed
    engine.docker("create", "--name", "fixed", "--read-only", "busybox")
    failed = copy(engine, tmp_path / "new", "fixed:/tmp/new", check=False)
    assert failed.code == 1 and "container rootfs is marked read-only" in failed.err, failed


@CLIENTS
def test_owner(engine, tmp_path, copy):
    """With -a all belongs to the container's user, whom its own files name."""
    engine.docker("create", "--name", "maker", "busybox")
    copy(engine, "-", "maker:/", stdin=tar_of(("etc/passwd", b"root:x:0:0::/:/bin/sh\nsomeone:x:77:88::/:/bin/sh\n")))
    engine.docker("commit", "maker", "with-someone")
    engine.docker("create", "--name", "box", "-u", "someone", "with-someone", "true")
    (tmp_path / "f").write_text("x")
    copy(engine, "-a", tmp_path / "f", "box:/tmp/f")
    stream, _ = api(engine).containers.get("box").get_archive("/tmp/f")
    with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
        assert [(m.uid, m.gid) for m in tar] == [(77, 88)]


def test_status_header(engine):
    """What the command asks first: base64 of JSON, with Go's numbers for modes."""
    engine.docker("create", "--name", "box", "busybox")
    answer = ask(engine, "HEAD", "/containers/box/archive?path=/tmp")
    status = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
    assert status["name"] == "tmp" and status["mode"] >> 31 == 1 and status["mtime"].endswith("Z"), status
    assert ask(engine, "HEAD", "/containers/box/archive?path=/none").status == 404


def test_start_waits_for_a_copy(engine):
    """Two mounts of one tree at once, both to be written to, would spoil it."""
    engine.docker("create", "--name", "box", "busybox", "sleep", "600")
    tar = tar_of(*((f"f{n}", os.urandom(1 << 20)) for n in range(8)))
    copying = engine.spawn("cp", "-", "box:/tmp")
    copying.stdin.write(tar[:4 << 20])
    copying.stdin.flush()
    time.sleep(0.5)
    starting = engine.spawn("start", "box")
    time.sleep(0.5)
    assert starting.poll() is None
    copying.stdin.write(tar[4 << 20:])
    copying.stdin.close()
    assert copying.wait(60) == 0 and starting.wait(60) == 0
    assert engine.docker("exec", "box", "sh", "-c", "ls /tmp | wc -l").out == "8\n"


def test_names_and_ends_of_paths(engine, tmp_path):
    """Where a copy lands, in all the cases that Docker's documentation tells apart: both commands do the same."""
    for command, ours in [("docker", engine.docker), ("varve", engine.varve)]:
        place = tmp_path / command
        (place / "dir/sub").mkdir(parents=True)
        (place / "dir/sub/f").write_text("f")
        (place / "file").write_text("file")
        (place / "there").mkdir()
        box = f"box-{command}"
        engine.docker("create", "--name", box, "busybox")
        for words, status in [
            (["file", f"{box}:/tmp"], 0), (["file", f"{box}:/tmp/renamed"], 0), (["file", f"{box}:/tmp/renamed"], 0),
            (["file", f"{box}:/tmp/none/"], 1), (["file", f"{box}:tmp/relative"], 0), (["dir", f"{box}:/tmp/new"], 0),
            (["dir", f"{box}:/tmp/new"], 0), (["dir/.", f"{box}:/tmp/content"], 0), (["dir/", f"{box}:/tmp"], 0),
            (["dir", f"{box}:/tmp/renamed"], 1), (["none", f"{box}:/tmp"], 1), (["file/", f"{box}:/tmp"], 1),
            ([f"{box}:/tmp/renamed", "there"], 0), ([f"{box}:/tmp/renamed", "there/other"], 0), ([f"{box}:/tmp/new", "fresh"], 0),
            ([f"{box}:/tmp/new", "there"], 0), ([f"{box}:/tmp/new/.", "there"], 0), ([f"{box}:/tmp/new", "file"], 1),
            ([f"{box}:/tmp/renamed", "none/"], 1), ([f"{box}:/tmp/renamed", "none/x"], 1), ([f"{box}:/tmp/renamed", f"{box}:/tmp/x"], 1),
            (["file", "file2"], 1),
        ]:
            result = ours("cp", *[word if ":" in word else place / word if not word.endswith(("/", "/.")) else f"{place}/{word}" for word in words], check=False)
            assert result.code == status, (command, words, str(result))
    inside = {}
    for command in ["docker", "varve"]:
        stream, _ = api(engine).containers.get(f"box-{command}").get_archive("/tmp")
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as tar:
            inside[command] = sorted((m.name, m.type, m.mode) for m in tar)
    assert inside["docker"] == inside["varve"]
    trees = {c: sorted(str(p.relative_to(tmp_path / c)) for p in (tmp_path / c).rglob("*")) for c in inside}
    assert trees["docker"] == trees["varve"]
