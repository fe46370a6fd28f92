"""SELinux: the contexts of containers, and that they keep containers from the host's files and from each other's."""
import json
import os
import pathlib
import re
import shutil

import pytest

import drivers
import selinux

IS_ON = selinux.is_ours_to_load() and shutil.which("secilc") is not None
needed = pytest.mark.skipif(not IS_ON, reason="needs a kernel started with security=selinux and no policy, and secilc: see Tests/VM")
CURRENT = ["cat", "/proc/self/attr/current"]
PROCESS, FILE = "system_u:system_r:container_t:", "system_u:object_r:container_file_t:"


# How a driver shows a layer is what counts: as mounts, or as a folder.
@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name in ("overlay2", "vfs", "devicemapper", "btrfs")])
def driver(request):
    return request.param


@pytest.fixture(scope="module")
def daemon(make_module_daemon, place, busybox_tar, driver):
    selinux.prepare(place)
    made = make_module_daemon(driver, kind="varved", arguments=["--selinux-enabled"])
    made.docker("load", "-i", busybox_tar)
    return made


@pytest.fixture(autouse=True)
def none_left(request):
    yield
    if "daemon" in request.fixturenames:
        request.getfixturevalue("daemon").remove_containers()


@pytest.fixture
def folder(daemon):
    """A folder of the host's that no container may see."""
    path = daemon.data_root / "of-the-host"
    path.mkdir()
    (path / "file").write_text("hello")
    for one in (path, path / "file"):
        os.setxattr(one, "security.selinux", b"system_u:object_r:secret_t:s0")
    yield path
    shutil.rmtree(path)


def context(path):
    return os.getxattr(path, "security.selinux").decode().strip("\0")


def current(engine, *options):
    return engine.docker("run", "--rm", *options, "busybox", *CURRENT).out.strip("\0\n")


def labels(engine, name):
    shown = engine.inspect(name)
    return shown["ProcessLabel"], shown["MountLabel"]


@pytest.mark.skipif(selinux.is_ours_to_load(), reason="SELinux is on here")
def test_where_it_is_off(make_daemon, busybox_tar, tmp_path):
    """As dockerd: it is said, and all goes on without."""
    engine = make_daemon("vfs", kind="varved", config={"selinux-enabled": True})
    engine.docker("load", "-i", busybox_tar)
    assert "SELinux is not enabled on this host" in engine.logfile.read_text()
    assert "selinux" not in str(json.loads(engine.docker("info", "-f", "{{json .SecurityOptions}}").out))
    body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"SecurityOpt": ["label=type:nosuch_t"], "Binds": [f"{tmp_path}:/x:Z", "/usr:/y:z"]}}
    status, answer = engine.api("POST", "/containers/create", body)
    made = json.loads(answer)
    assert status == 201 and "no SELinux" in made["Warnings"][0], made
    assert labels(engine, made["Id"]) == ("", "")
    assert engine.docker("start", "-a", made["Id"]).code == 0
    both = engine.docker("create", "-v", f"{tmp_path}:/x:z,Z", "busybox", check=False)
    assert both.code != 0 and "invalid volume specification" in both.err


@needed
class TestOn:
    def test_the_default(self, daemon):
        daemon.docker("run", "-d", "--name", "box", "--tmpfs", "/scratch", "busybox", "sleep", "600")
        process, mount = labels(daemon, "box")
        assert re.fullmatch(PROCESS + r"s0:c\d+,c\d+", process) and mount == FILE + process[len(PROCESS):]
        assert daemon.docker("exec", "box", *CURRENT).out.strip("\0\n") == process
        assert daemon.docker("exec", "--privileged", "box", *CURRENT).out.strip("\0\n") == process
        assert selinux.context_of(daemon.inspect("box", "{{json .State.Pid}}")) == process
        kept = json.loads((daemon.data_root / "containers" / daemon.inspect("box", "{{json .Id}}") / "config.v2.json").read_text())
        assert (kept["ProcessLabel"], kept["MountLabel"]) == (process, mount)
        assert "name=selinux" in json.loads(daemon.docker("info", "-f", "{{json .SecurityOptions}}").out)
        assert daemon.docker("exec", "box", "sh", "-c", "echo x >/etc/new && cat /etc/new && ls / /dev >/dev/null").out == "x\n"

    def test_its_files(self, daemon):
        script = "touch /new; exec sleep 600"
        daemon.docker("run", "-d", "--name", "box", "--tmpfs", "/scratch", "--mount", "type=image,src=busybox,dst=/image", "busybox", "sh", "-c", script)
        daemon.docker("exec", "box", "sh", "-c", "while [ ! -e /new ]; do sleep 0.1; done; test -x /image/bin/busybox")
        root = pathlib.Path(f"/proc/{daemon.inspect('box', '{{json .State.Pid}}')}/root")
        places = ["", "bin/busybox", "dev", "dev/shm", "dev/pts", "dev/mqueue", "dev/null", "scratch", "etc/hosts", "etc/resolv.conf", "new", "image/bin/busybox"]
        mount = labels(daemon, "box")[1]
        assert {place: context(root / place) for place in places} == dict.fromkeys(places, mount)

    def test_a_terminal(self, daemon):
        assert PROCESS in daemon.docker("run", "--rm", "-t", "busybox", "sh", "-c", "tty >/dev/null && cat /proc/self/attr/current </dev/tty").out

    def test_which_is_each_containers_own(self, daemon):
        for name in ("one", "other"):
            daemon.docker("create", "--name", name, "busybox")
        found = [labels(daemon, name) for name in ("one", "other")]
        assert len({label for pair in found for label in pair}) == 4
        daemon.restart()
        assert [labels(daemon, name) for name in ("one", "other")] == found
        assert daemon.docker("run", "--rm", "busybox", *CURRENT).out.strip("\0\n") not in found[0] + found[1]

    def test_it_lives_on(self, daemon):
        daemon.docker("run", "-d", "--name", "box", "busybox", "sleep", "600")
        daemon.kill9()
        daemon.start()
        assert daemon.docker("exec", "box", *CURRENT).out.strip("\0\n") == labels(daemon, "box")[0]
        daemon.docker("restart", "-t", "0", "box")
        assert daemon.docker("exec", "box", *CURRENT).out.strip("\0\n") == labels(daemon, "box")[0]

    @pytest.mark.parametrize("options, process, mount", [
        (["type:other_t"], r"system_u:system_r:other_t:s0:c\d+,c\d+", FILE + r"s0:c\d+,c\d+"),
        (["level:s0:c7,c9"], PROCESS + "s0:c7,c9", FILE + "s0:c7,c9"),
        (["filetype:other_file_t", "type:other_t"], r"system_u:system_r:other_t:s0:c\d+,c\d+", r"system_u:object_r:other_file_t:s0:c\d+,c\d+"),
        (["user:system_u", "role:system_r"], PROCESS + r"s0:c\d+,c\d+", FILE + r"s0:c\d+,c\d+"),
    ])
    @pytest.mark.parametrize("sign", "=:")
    def test_ones_own(self, daemon, options, process, mount, sign):
        flags = [word for option in options for word in ("--security-opt", f"label{sign}{option}")]
        daemon.docker("run", "-d", "--name", "box", *flags, "busybox", "sleep", "600")
        found = labels(daemon, "box")
        assert re.fullmatch(process, found[0]) and re.fullmatch(mount, found[1])
        assert selinux.context_of(daemon.inspect("box", "{{json .State.Pid}}")) == found[0]

    @pytest.mark.parametrize("option, words", [
        ("nosuch", "bad --security-opt label 'nosuch'"), ("x:y", "bad --security-opt label 'x:y'"), ("type:nosuch_t", "has no context system_u:system_r:nosuch_t:s0"),
        ("level:s7", "has no context"), ("user:nobody_u", "has no context"),
    ])
    def test_bad_ones(self, daemon, option, words):
        status, said = daemon.api("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"SecurityOpt": [f"label={option}"]}})
        assert status == 400 and words in json.loads(said)["message"], said

    @pytest.mark.parametrize("flags", [["--privileged"], ["--pid", "host"], ["--ipc", "host"], ["--security-opt", "label=disable"], ["--security-opt", "label:disable"]])
    def test_none(self, daemon, flags):
        daemon.docker("run", "-d", "--name", "box", *flags, "busybox", "sleep", "600")
        assert labels(daemon, "box") == ("", FILE + "s0:c1022,c1023")
        assert ":kernel_t:" in daemon.docker("exec", "box", *CURRENT).out
        assert daemon.inspect("box", "{{json .HostConfig.SecurityOpt}}")[0][5:].strip("=:") == "=disable".strip("=")

    @pytest.mark.parametrize("flag", ["--ipc", "--pid"])
    def test_another_containers(self, daemon, flag):
        daemon.docker("run", "-d", "--name", "first", "--ipc", "shareable", "busybox", "sleep", "600")
        daemon.docker("run", "-d", "--name", "second", flag, "container:first", "busybox", "sleep", "600")
        assert labels(daemon, "second") == labels(daemon, "first")
        assert daemon.docker("exec", "second", "sh", "-c", "echo x >/dev/shm/y && cat /dev/shm/y").out == "x\n"

    def test_two_others(self, daemon):
        for name in ("one", "other"):
            daemon.docker("run", "-d", "--name", name, "--ipc", "shareable", "busybox", "sleep", "600")
        refused = daemon.docker("create", "--ipc", "container:one", "--pid", "container:other", "busybox", check=False)
        assert refused.code != 0 and "aren't the same" in refused.err

    def test_files_of_the_host(self, daemon, folder):
        """They are the host's, unless somebody says that they are a container's, or all containers'."""
        read = ["busybox", "cat", "/x/file"]
        refused = daemon.docker("run", "--rm", "-v", f"{folder}:/x", *read, check=False)
        assert refused.code != 0 and "Permission denied" in refused.err
        assert daemon.docker("run", "--rm", "-v", f"{folder}:/x", "--security-opt", "label=disable", *read).out == "hello"
        assert daemon.docker("run", "--rm", "-v", f"{folder}:/x:ro,z", *read).out == "hello"
        assert context(folder) == context(folder / "file") == FILE + "s0"
        assert daemon.docker("run", "--rm", "-v", f"{folder}:/x", *read).out == "hello"
        daemon.docker("run", "-d", "--name", "box", "-v", f"{folder}:/x:Z", "busybox", "sleep", "600")
        assert context(folder) == context(folder / "file") == labels(daemon, "box")[1]
        assert daemon.docker("exec", "box", "cat", "/x/file").out == "hello"
        refused = daemon.docker("run", "--rm", "-v", f"{folder}:/x", *read, check=False)
        assert refused.code != 0 and "Permission denied" in refused.err

    @pytest.mark.parametrize("path", ["/usr", "/etc/", "/", "/var/../home", "link"])
    def test_the_hosts_own(self, daemon, folder, path):
        if path == "link":
            path = folder / "link"
            path.symlink_to("/usr")
        body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"Binds": [f"{path}:/x:ro,Z"]}}
        status, made = daemon.api("POST", "/containers/create", body)
        assert status == 201, made
        refused = daemon.docker("start", json.loads(made)["Id"], check=False)
        assert refused.code != 0 and "SELinux relabeling of /" in refused.err and "is not allowed" in refused.err

    def test_volumes(self, daemon):
        """Any container's, as dockerd's."""
        daemon.docker("run", "--rm", "-v", "shared:/x", "busybox", "sh", "-c", "echo hello >/x/file")
        assert daemon.docker("run", "--rm", "-v", "shared:/x", "busybox", "cat", "/x/file").out == "hello\n"
        assert context(daemon.data_root / "volumes" / "shared" / "_data" / "file").startswith(FILE)
        daemon.docker("volume", "rm", "shared")

    def test_what_else_works(self, daemon, tmp_path):
        """Whoever works on a container's tree while it runs sees the same mounts."""
        daemon.docker("run", "-d", "--name", "box", "busybox", "sh", "-c", "echo hello >/file; exec sleep 600")
        (tmp_path / "given").write_text("given")
        daemon.docker("cp", tmp_path / "given", "box:/given")
        assert daemon.docker("exec", "box", "cat", "/given").out == "given"
        daemon.docker("cp", "box:/file", tmp_path / "file")
        assert (tmp_path / "file").read_text() == "hello\n"
        assert "A /file" in daemon.docker("diff", "box").lines and "C /bin/busybox" not in daemon.docker("diff", "box").lines
        daemon.docker("commit", "box", "made")
        assert daemon.docker("run", "--rm", "made", "cat", "/file").out == "hello\n"
        daemon.docker("rmi", "made")
