"""What containers may ask of the kernel: system calls (Docker's default profile, others, none) and settings."""
import json
import pathlib

import pytest

import drivers

SLEEP = ["busybox", "sleep", "600"]
# Refused by the filter alone: a container's root may unshare user namespaces where nothing filters.
UNSHARE = ["unshare", "-U", "true"]
MODE = ["grep", "Seccomp:", "/proc/self/status"]


@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name == "overlay2"])
def driver(request):
    return request.param


def write(path, profile):
    path.write_text(json.dumps(profile))
    return path


def test_default(cli):
    engine = cli.daemon
    assert cli("run", "--rm", "busybox", *MODE).out.split() == ["Seccomp:", "2"]
    said = cli("run", "--rm", "busybox", *UNSHARE, check=False)
    assert said.code == 1 and "Operation not permitted" in said.err, said
    engine.docker("run", "-d", "--name", "box", "--user", "1000", *SLEEP)
    assert cli("exec", "box", *MODE).out.split() == ["Seccomp:", "2"]
    assert cli("exec", "--privileged", "--user", "0", "box", *MODE).out.split() == ["Seccomp:", "2"]
    assert "name=seccomp,profile=builtin" in engine.docker("info", "-f", "{{.SecurityOptions}}").out


@pytest.mark.parametrize("options", [["--security-opt", "seccomp=unconfined"], ["--security-opt", "seccomp:unconfined"], ["--privileged"]])
def test_none(cli, options):
    assert cli("run", "--rm", *options, "busybox", *MODE).out.split() == ["Seccomp:", "0"]
    assert cli("run", "--rm", *options, "busybox", *UNSHARE, check=False).code == 0


def test_builtin(engine):
    assert engine.docker("run", "--rm", "--security-opt", "seccomp=builtin", "busybox", *MODE).out.split() == ["Seccomp:", "2"]


def test_with_capabilities(engine):
    """Who may administer the system may mount; the filter follows the capabilities."""
    mount = ["busybox", "mount", "-t", "tmpfs", "none", "/tmp"]
    assert engine.docker("run", "--rm", *mount, check=False).code != 0
    assert engine.docker("run", "--rm", "--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined", *mount).code == 0


@pytest.mark.parametrize("more", [[], ["--security-opt", "no-new-privileges"], ["--user", "1000"], ["--user", "1000", "--security-opt", "no-new-privileges"]])
def test_own_profile(cli, tmp_path, more):
    rules = [{"names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]
    profile = write(tmp_path / "p.json", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})
    said = cli("run", "--rm", *more, "--security-opt", f"seccomp={profile}", "busybox", "mkdir", "/tmp/x", check=False)
    assert said.code == 1 and "No space left on device" in said.err, said


def test_it_kills(engine, tmp_path):
    rules = [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]
    profile = write(tmp_path / "p.json", {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})
    assert engine.docker("run", "--rm", "--security-opt", f"seccomp={profile}", "busybox", "mkdir", "/tmp/x", check=False).code == 128 + 31


@pytest.mark.parametrize("profile, words", [
    ({"defaultAction": "SCMP_ACT_NONSENSE"}, "SCMP_ACT_NONSENSE"), ({"defaultAction": 1}, "Decoding seccomp profile failed"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/s"}, "listener"),
])
def test_bad_profiles(cli, tmp_path, profile, words):
    path = write(tmp_path / "p.json", profile)
    said = cli("create", "--security-opt", f"seccomp={path}", "busybox", "true", check=False)
    assert said.code in (1, 125) and words in said.err, said


@pytest.mark.parametrize("option", ["nonsense", "nonsense=1", "no-new-privileges=maybe"])
def test_unknown_options(engine, option):
    status, said = engine.api("POST", "/containers/create", {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"SecurityOpt": [option]}})
    assert status == 400 and "invalid --security-opt" in json.loads(said)["message"], said


def test_it_outlives_the_daemon(engine):
    """An exec in a container of an earlier daemon is filtered as the container is."""
    engine.docker("run", "-d", "--name", "box", *SLEEP)
    engine.kill9()
    engine.start()
    assert engine.docker("exec", "box", *MODE).out.split() == ["Seccomp:", "2"]
    engine.docker("restart", "-t", "0", "box")
    assert engine.docker("exec", "box", *MODE).out.split() == ["Seccomp:", "2"]


class TestKernelSettings:
    """`--sysctl` reaches the settings of the container's own namespaces, never the host's."""

    @pytest.mark.parametrize("key, step", [("kernel.shmmni", 1), ("fs.mqueue.msg_max", 1), ("net.ipv4.ip_forward", 1), ("kernel.msgmax", -1)])
    def test_own(self, engine, key, step):
        path = pathlib.Path("/proc/sys", key.replace(".", "/"))
        before = path.read_text()
        value = str(1 - int(before) if key.endswith("forward") else int(before) + step)
        try:
            assert engine.docker("run", "--rm", "--sysctl", f"{key}={value}", "busybox", "cat", path).out.strip() == value
            assert path.read_text() == before
        finally:
            path.write_text(before)

    @pytest.mark.parametrize("key, mode", [
        ("kernel.core_pattern", {}), ("kernel.hostname", {}), ("vm.swappiness", {}), ("kernel.panic", {}), ("fs.file-max", {}), ("kernel/core_pattern", {}),
        ("net.ipv4.ip_forward", {"NetworkMode": "host"}), ("net/ipv4/ip_forward", {"NetworkMode": "host"}), ("kernel.shmmni", {"IpcMode": "host"}),
        ("kernel.domainname", {"UTSMode": "host"}), ("net./../kernel/core_pattern", {}),
    ])
    def test_of_the_host(self, engine, key, mode):
        """Each is asked to become what it is, so that a failure harms nobody."""
        path = pathlib.Path("/proc/sys") / (key if "/" in key else key.replace(".", "/")).replace("net./../", "")
        host = {"Sysctls": {key: path.read_text().strip()}, **mode}
        status, said = engine.api("POST", "/containers/create?name=box", {"Image": "busybox", "Cmd": ["true"], "HostConfig": host})
        if status == 201:
            status, said = engine.api("POST", "/containers/box/start")
        assert status == 500 and "is not in a separate kernel namespace" in json.loads(said)["message"], (status, said)

    @pytest.mark.parametrize("mode, key", [("NetworkMode", "net.ipv4.ip_forward"), ("IpcMode", "kernel.shmmni")])
    def test_of_the_host_by_another_container(self, engine, mode, key):
        kind = {"NetworkMode": "--network", "IpcMode": "--ipc"}[mode]
        engine.docker("run", "-d", "--name", "donor", kind, "host", *SLEEP)
        value = pathlib.Path("/proc/sys", key.replace(".", "/")).read_text().strip()
        said = engine.docker("run", "--rm", "--name", "box", kind, "container:donor", "--sysctl", f"{key}={value}", "busybox", "true", check=False)
        assert said.code == 125 and "is not in a separate kernel namespace" in said.err, said

    def test_that_are_not_there(self, engine):
        said = engine.docker("run", "--rm", "--sysctl", "net.ipv4.nonsense=1", "busybox", "true", check=False)
        assert said.code == 125 and "net/ipv4/nonsense" in said.err and "No such file" in said.err, said
