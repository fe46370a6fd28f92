"""What the daemon's settings give to containers that ask for nothing, and on the way to registries."""
import json
import os
import urllib.parse

import pytest

import registry as registries
import test_reload
from pulls import registry  # noqa: F401 fixture

DEFAULTS = {
    "init": True, "no-new-privileges": True, "default-shm-size": "8M", "default-ipc-mode": "shareable", "default-cgroupns-mode": "host",
    "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 100, "Hard": 200}, "core": {"Soft": 0, "Hard": 0}},
    "dns": ["192.0.2.53"], "dns-opts": ["ndots:3"], "dns-search": ["example.com"],
}
FLAGS = [
    "--init", "--no-new-privileges", "--default-shm-size", "8M", "--default-ipc-mode", "shareable", "--default-cgroupns-mode", "host",
    "--default-ulimit", "nofile=100:200", "--default-ulimit", "core=0", "--dns", "192.0.2.53", "--dns-opt", "ndots:3", "--dns-search", "example.com",
]
LOOK = (
    "cat /proc/1/comm; grep NoNewPrivs /proc/self/status; ulimit -n; ulimit -Hn; ulimit -c; df -m /dev/shm | tail -1;"
    "cat /etc/resolv.conf; readlink /proc/self/ns/cgroup"
)


def look(daemon, *options):
    return daemon.docker("run", "--rm", *options, "busybox", "sh", "-c", LOOK).out


@pytest.fixture(params=["file", "flags"])
def daemon(make_daemon, busybox_tar, request):
    given = {"config": DEFAULTS} if request.param == "file" else {"arguments": FLAGS}
    daemon = make_daemon("vfs", kind="varved", **given)
    daemon.docker("load", "-i", busybox_tar)
    return daemon


def test_containers_that_ask_for_nothing(daemon):
    first, privileges, soft, hard, core, shm, *rest = look(daemon).splitlines()
    assert first in ("docker-init", "tini-static") and privileges.split() == ["NoNewPrivs:", "1"] and (soft, hard, core) == ("100", "200", "0")
    assert shm.split()[1] == "8"
    assert {"nameserver 192.0.2.53", "options ndots:3", "search example.com"} <= set(rest)
    assert rest[-1] == os.readlink("/proc/self/ns/cgroup")
    daemon.docker("run", "-d", "--name", "one", "busybox", "sleep", "600")
    said = daemon.docker("exec", "one", "sh", "-c", "ulimit -n; grep NoNewPrivs /proc/self/status").out
    assert said.split() == ["100", "NoNewPrivs:", "1"]
    host = daemon.inspect("one", "{{json .HostConfig}}")
    assert host["ShmSize"] == 8 << 20 and host["IpcMode"] == "shareable" and host["CgroupnsMode"] == "host"
    # As dockerd shows it: what follows the daemon's settings isn't the container's own.
    assert "Init" not in host and not host["Ulimits"] and not host["SecurityOpt"] and host["Dns"] == []


def test_containers_that_ask(daemon):
    own = ["--init=false", "--security-opt", "no-new-privileges=false", "--ulimit", "nofile=50:60", "--shm-size", "4m", "--cgroupns", "private", "--dns", "192.0.2.1"]
    first, privileges, soft, hard, core, shm, *rest = look(daemon, *own).splitlines()
    assert first == "sh" and privileges.split()[1] == "0" and (soft, hard, core) == ("50", "60", "0") and shm.split()[1] == "4"
    assert "nameserver 192.0.2.1" in rest and "nameserver 192.0.2.53" not in rest and "search example.com" in rest


def test_they_change_while_it_runs(make_daemon, busybox_tar):
    daemon = make_daemon("vfs", kind="varved")
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("create", "--name", "one", "busybox", "sh", "-c", "cat /proc/1/comm; ulimit -n")
    test_reload.reload(daemon, {"init": True, "default-ulimits": {"nofile": {"Soft": 70, "Hard": 80}}}, "configuration reloaded")
    assert daemon.docker("start", "-a", "one").out.split()[1] == "70"
    assert "these settings count when" not in daemon.logfile.read_text()


def test_system_calls(make_daemon, busybox_tar, tmp_path):
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}))
    daemon = make_daemon("vfs", kind="varved", config={"seccomp-profile": str(profile)})
    daemon.docker("load", "-i", busybox_tar)
    make = ["busybox", "mkdir", "/tmp/x"]
    assert "No space left" in daemon.docker("run", "--rm", *make, check=False).err
    assert daemon.docker("run", "--rm", "--privileged", *make).code == 0 == daemon.docker("run", "--rm", "--security-opt", "seccomp=builtin", *make).code
    assert "name=seccomp,profile=custom" in daemon.docker("info", "-f", "{{.SecurityOptions}}").out
    test_reload.reload(daemon, {"seccomp-profile": "unconfined"}, "configuration reloaded")
    assert daemon.docker("run", "--rm", "busybox", "grep", "Seccomp:", "/proc/self/status").out.split()[1] == "0"


@pytest.mark.parametrize("config, words", [
    ({"default-shm-size": "big"}, ["default-shm-size", "big"]), ({"default-shm-size": 64}, ["default-shm-size", "a text"]), ({"default-shm-size": "0"}, ["above 0"]),
    ({"default-ipc-mode": "host"}, ["default-ipc-mode", "private or shareable"]), ({"default-cgroupns-mode": "x"}, ["private or host"]),
    ({"default-ulimits": {"nofiles": {"Soft": 1, "Hard": 1}}}, ["nofiles", "nofile,"]), ({"default-ulimits": {"nofile": {"Soft": 2, "Hard": 1}}}, ["nofile", "2 > 1"]),
    ({"default-ulimits": {"nofile": {"Name": "core", "Soft": 2, "Hard": 2}}}, ["nofile", "core"]), ({"default-ulimits": ["x"]}, ["default-ulimits", "object of limits"]),
    ({"seccomp-profile": "/no/such"}, ["seccomp-profile", "/no/such"]), ({"seccomp-profile": "/proc/version"}, ["seccomp-profile", "Decoding"]),
    ({"dns": ["one.example"]}, ["dns", "one.example"]), ({"init": "yes"}, ["init", "true or false"]), ({"proxies": {"ftp-proxy": "x"}}, ["ftp-proxy", "https-proxy"]),
])
def test_bad(tmp_path, config, words):
    said = test_reload.TestConfiguration.validate(tmp_path, config)
    assert said.code == 1 and not [word for word in words if word not in said.both], said


def test_given_twice(tmp_path):
    """A proxy's password is not repeated."""
    said = test_reload.TestConfiguration.validate(tmp_path, {"proxies": {"http-proxy": "http://me:hush@a"}}, "--http-proxy", "http://me:hush@b").both
    assert "http-proxy" in said and "both as a flag and in the configuration file" in said and "hush" not in said
    said = test_reload.TestConfiguration.validate(tmp_path, {"default-ulimits": {"core": {"Soft": 0, "Hard": 0}}}, "--default-ulimit", "core=1").both
    assert "default-ulimits: (from flag: [core=1]" in said


def test_limits_of_containers_are_checked(daemon):
    for limit, words in [({"Name": "nosuch", "Soft": 1, "Hard": 1}, "nosuch"), ({"Name": "core", "Soft": 2, "Hard": 1}, "2 > 1")]:
        status, said = daemon.api("POST", "/containers/create", {"Image": "busybox", "HostConfig": {"Ulimits": [limit]}})
        assert status == 400 and words in json.loads(said)["message"], said


class Forward(registries.Proxy):
    """A proxy for whatever host is asked for, all of which it takes from its registry."""

    def __init__(self, registry):
        self.hosts = []
        super().__init__(registry)

    def handle(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        self.hosts.append(url.netloc)
        handler.path = url._replace(scheme="", netloc="").geturl()
        super().handle(handler)


@pytest.mark.parametrize("way", ["file", "flag", "HTTP_PROXY", "http_proxy"])
def test_proxies(make_daemon, busybox_tar, registry, way, monkeypatch):
    """Found in all four places; past it to those that are named, and to this machine."""
    proxy = Forward(registry)
    try:
        config, arguments, address = {"insecure-registries": ["reg.example:5000", "past.example:5000"]}, [], f"http://me:hush@{proxy.host}"
        if way == "file":
            config["proxies"] = {"http-proxy": address, "no-proxy": "*.past.example,past.example"}
        elif way == "flag":
            arguments = ["--http-proxy", address, "--no-proxy", "past.example"]
        else:
            monkeypatch.setenv(way, address)
            monkeypatch.setenv("NO_PROXY", "past.example")
        daemon = make_daemon("vfs", kind="varved", config=config, arguments=arguments)
        daemon.docker("load", "-i", busybox_tar)
        daemon.docker("tag", "busybox", f"{registry.host}/team/near:v1")
        daemon.docker("push", f"{registry.host}/team/near:v1")
        assert not proxy.hosts, "this machine is reached past all proxies"
        said = daemon.docker("pull", "reg.example:5000/team/near:v1").out
        assert "reg.example:5000/team/near:v1" in said and set(proxy.hosts) == {"reg.example:5000"}
        assert daemon.docker("pull", "past.example:5000/team/near:v1", check=False).code != 0 and set(proxy.hosts) == {"reg.example:5000"}
        info = json.loads(daemon.docker("info", "-f", "{{json .}}").out)
        assert info["HttpProxy"] == f"http://xxxxx:xxxxx@{proxy.host}" and info["NoProxy"] in ("past.example", "*.past.example,past.example")
    finally:
        proxy.stop()
