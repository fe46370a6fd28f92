"""What clients take for granted of Docker's daemon, each a small thing."""
import contextlib
import http.server
import json
import subprocess
import threading
import time
import urllib.parse

import docker
import pytest

import clients
import conftest
import engine as engines


@pytest.fixture(scope="module")
def driver():
    """None of this is a storage driver's business."""
    return conftest.DRIVERS[0]


def shell(script):
    subprocess.run(["sh", "-ec", script], check=True)


@pytest.fixture
def py(engine):
    client = docker.DockerClient(base_url=engine.host, version="auto", timeout=60)
    yield client
    client.close()


def create(engine, name="box", **fields):
    """The answer's status and its JSON."""
    body = {"Image": "busybox", "Cmd": ["true"], **fields}
    status, answer = engine.api("POST", f"/containers/create?name={name}", body)
    return status, json.loads(answer)


def test_a_pull_that_fails_is_an_error(py):
    """Before there is anything to pull, it is no stream: docker-py does not look into those."""
    for name in ("127.0.0.1:1/none", "127.0.0.1:1/none:tag"):
        with pytest.raises(docker.errors.APIError):
            py.api.pull(name)


def test_a_push_that_fails_is_told_in_the_stream(py, engine):
    lines = list(py.images.push("127.0.0.1:1/none", tag="v1", stream=True, decode=True))
    assert "refers to repository" in lines[0]["status"] and "does not exist locally" in lines[-1]["errorDetail"]["message"]


def test_parts_of_a_health_check(engine):
    """Who changes the interval keeps the image's command."""
    engine.docker("create", "--name", "maker", "busybox", "true")
    engine.docker("commit", "-c", "HEALTHCHECK --interval=7s --retries=4 CMD true", "maker", "healthy")
    engine.docker("create", "--name", "box", "--health-interval", "3s", "healthy", "true")
    assert engine.inspect("box", "{{json .Config.Healthcheck}}") == {"Test": ["CMD-SHELL", "true"], "Interval": 3 * 10**9, "Retries": 4}
    engine.docker("rm", "box", "maker")
    engine.docker("rmi", "healthy")
    for health, words in [({"Test": ["CMD", "true"], "Interval": 1}, "Interval in Healthcheck"), ({"Retries": -1}, "Retries in Healthcheck"),
                          ({"Timeout": -5 * 10**9}, "Timeout in Healthcheck")]:
        status, answer = create(engine, Healthcheck=health)
        assert status == 400 and words in answer["message"], answer


def test_an_empty_entry_point_is_one(engine):
    engine.docker("create", "--name", "maker", "busybox", "true")
    engine.docker("commit", "-c", 'ENTRYPOINT ["echo", "image"]', "maker", "entered")
    assert create(engine, Image="entered", Entrypoint=[], Cmd=["echo", "own"], HostConfig={"NetworkMode": "none"})[0] == 201
    assert engine.docker("start", "-a", "box").out == "own\n"
    engine.docker("rm", "box", "maker")
    engine.docker("rmi", "entered")


def test_attaching_to_what_stands_still(engine):
    engine.docker("run", "-d", "--name", "box", "--network", "none", "busybox", "sleep", "1000")
    engine.docker("pause", "box")
    assert engine.api("POST", "/containers/box/attach?stream=1&stdout=1")[0] == 409
    failed = engine.varve("attach", "box", check=False)
    assert failed.code == 1 and "paused" in failed.err, failed
    engine.docker("unpause", "box")
    engine.docker("rm", "-f", "box")
    engine.docker("run", "-d", "--name", "again", "--network", "none", "--restart", "always", "busybox", "false")
    clients.eventually(lambda: engine.inspect("again", "{{json .State.Restarting}}"))
    # Its pauses grow: by now one of them is met.
    clients.eventually(lambda: engine.api("POST", "/containers/again/attach?stream=1&stdout=1")[0] == 409
                       if engine.inspect("again", "{{.RestartCount}}") > 4 else False, timeout=30)
    engine.docker("rm", "-f", "again")


def test_lists(engine):
    for number in range(3):
        engine.docker("create", "--name", f"c{number}", "-v", "data:/data", "--expose", "80", "busybox", "true")
    engine.docker("create", "--name", "other", "busybox", "true")
    names = engine.docker("ps", "-a", "--filter", "volume=data", "--format", "{{.Names}}").lines
    assert names == ["c2", "c1", "c0"]
    assert len(engine.docker("ps", "-aq", "--filter", "volume=/data").lines) == 3
    for ports, count in [("80", 3), ("80/tcp", 3), ("80/udp", 0), ("79-81", 3), ("81-90", 0), ("90-80", 0)]:
        assert len(engine.docker("ps", "-aq", "--filter", f"expose={ports}").lines) == count, ports
    found = json.loads(engine.api("GET", "/containers/json?since=c0")[1])
    assert [one["Names"] for one in found] == [["/other"], ["/c2"], ["/c1"]]
    engine.docker("rm", "c0", "c1", "c2", "other")
    engine.docker("volume", "rm", "data")


def test_platforms(engine):
    failed = engine.docker("create", "--platform", "linux/arm64", "--pull", "never", "busybox", "true", check=False)
    assert failed.code == 1 and "does not match the specified platform" in failed.err, failed
    engine.docker("tag", "busybox", "127.0.0.1:1/busybox")
    for program in (engine.docker, engine.varve):
        failed = program("run", "--platform", "linux/arm64", "127.0.0.1:1/busybox", "true", check=False)
        assert failed.code == 125 and "Unable to find image" in failed.err, failed
    engine.docker("rmi", "127.0.0.1:1/busybox")
    engine.docker("create", "--name", "box", "--platform", "linux/amd64", "busybox", "true")
    with open(engine.place / "empty.tar", "wb") as tar:
        tar.write(bytes(10240))
    engine.docker("import", "--platform", "linux/arm64", engine.place / "empty.tar", "foreign")
    assert engine.inspect("foreign", "{{json .Architecture}}") == "arm64"
    said = engine.docker("create", "--name", "odd", "foreign", "true")
    assert "does not match the detected host platform" in said.err, said
    wanted = '{"os":"linux","architecture":"arm64"}'
    for method, path in [("GET", "/images/busybox/json?platform="), ("GET", "/images/busybox/history?platform="),
                         ("GET", "/images/busybox/get?platform="), ("DELETE", "/images/busybox?platforms=")]:
        assert engine.api(method, path + urllib.parse.quote(wanted))[0] == 404, path
        assert engine.api(method, path + "nothing")[0] == 400, path
    for path in ("json", "history", "get"):
        assert engine.api("GET", f"/images/foreign/{path}?platform=" + urllib.parse.quote(wanted))[0] == 200, path
    engine.docker("rm", "box", "odd")
    engine.docker("rmi", "foreign")


def test_keys_without_a_value(py, engine):
    """They are there: programs look them up."""
    box = py.containers.create("busybox", "true", name="box")
    host = box.attrs["HostConfig"]
    for key in ("Binds", "VolumesFrom", "CapAdd", "CapDrop", "ExtraHosts", "GroupAdd", "Links", "SecurityOpt", "Devices", "DeviceCgroupRules", "Ulimits",
                "MemorySwappiness", "OomKillDisable", "PidsLimit"):
        assert host[key] is None, (key, host[key])
    assert host["ConsoleSize"] == [0, 0] and box.attrs["ExecIDs"] is None
    assert box.attrs["NetworkSettings"]["GlobalIPv6Address"] == ""
    volume = py.volumes.create("data")
    assert volume.attrs["Options"] is None and volume.attrs["Labels"] is None
    assert json.loads(engine.api("GET", "/volumes")[1])["Warnings"] is None
    box.remove()
    volume.remove()
    information = py.info()
    assert information["Plugins"]["Volume"] == ["local"] and information["IndexServerAddress"] and information["InitBinary"]


def test_graphics_cards_are_not_left_out_in_silence(engine):
    failed = engine.docker("run", "--rm", "--gpus", "all", "busybox", "true", check=False)
    assert failed.code == 125 and "could not select device driver" in failed.err and "[gpu]" in failed.err, failed


@pytest.mark.parametrize("fields, words", [
    ({"HostConfig": {"PidMode": "hots"}}, "invalid PID mode"), ({"HostConfig": {"IpcMode": "x"}}, "invalid IPC mode"),
    ({"HostConfig": {"UTSMode": "private"}}, "invalid UTS mode"), ({"HostConfig": {"CgroupnsMode": "x"}}, "invalid cgroup namespace mode"),
    ({"HostConfig": {"UTSMode": "host"}, "Hostname": "h"}, "hostname and the UTS mode"), ({"HostConfig": {"ShmSize": -1}}, "SHM size"),
    ({"HostConfig": {"Mounts": [{"Type": "tmpfs", "Target": "/t", "BindOptions": {}}]}}, "must not specify BindOptions"),
    ({"HostConfig": {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/t", "TmpfsOptions": {}}]}}, "must not specify TmpfsOptions"),
    ({"HostConfig": {"Mounts": [{"Type": "bind", "Source": "etc", "Target": "/t"}]}}, "mount path must be absolute"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_refused(engine, fields, words):
    status, answer = create(engine, **fields)
    assert status == 400 and words in answer["message"], answer


def test_words_for_lists(engine):
    assert create(engine, HostConfig={"CapAdd": "NET_ADMIN"})[0] == 201
    assert engine.inspect("box", "{{json .HostConfig.CapAdd}}") == ["NET_ADMIN"]
    engine.docker("rm", "box")


def test_folders_that_are_not_there_yet(engine, tmp_path):
    """`CreateMountpoint` makes them, and varve takes `./` for the folder it is called in."""
    source = tmp_path / "a/b"
    mounts = [{"Type": "bind", "Source": str(source), "Target": "/t", "BindOptions": {"CreateMountpoint": True}}]
    assert create(engine, HostConfig={"Mounts": mounts, "NetworkMode": "none"})[0] == 201
    engine.docker("start", "-a", "box")
    assert source.is_dir()
    engine.docker("rm", "box")
    for flag, file in [("-v ./new:/t:cached", "f"), ("--mount type=bind,src=./new,dst=/t", "g")]:
        command = f"cd {tmp_path}; exec {engines.BIN}/varve run --rm --network none {flag} busybox touch /t/{file}"
        engine.client(["sh", "-c", command])
        assert (tmp_path / "new" / file).exists()
    engine.docker("run", "--rm", "--network", "none", "-v", "named:/t:delegated", "busybox", "true")
    engine.docker("volume", "rm", "named")


def test_read_only_is_so_below(engine, tmp_path):
    """A bind that is read-only has nothing writable mounted below, unless that was asked for."""
    script = f"mkdir -p {tmp_path}/top/sub; mount -t tmpfs tmpfs {tmp_path}/top/sub"
    shell(script)
    try:
        touch = ["busybox", "touch", "/t/sub/f"]
        failed = engine.docker("run", "--rm", "--network", "none", "-v", f"{tmp_path}/top:/t:ro", *touch, check=False)
        assert failed.code == 1 and "Read-only" in failed.err, failed
        mount = f"type=bind,source={tmp_path}/top,target=/t,readonly"
        assert engine.docker("run", "--rm", "--network", "none", "--mount", mount, *touch, check=False).code == 1
        for program in (engine.docker, engine.varve):
            program("run", "--rm", "--network", "none", "--mount", mount + ",bind-recursive=writable", *touch)
        shell(f"touch {tmp_path}/top/sub/own")
        # As clients before 1.44 know it, compose 1.29 among them; and who takes its mounts gets them so.
        body = {"Image": "busybox", "Cmd": touch[1:], "HostConfig": {"NetworkMode": "none", "Binds": [f"{tmp_path}/top:/t:ro"]}}
        assert engine.api("POST", "/v1.41/containers/create?name=old", body)[0] == 201
        assert engine.docker("start", "-a", "old").code == 0
        engine.docker("run", "--rm", "--network", "none", "--volumes-from", "old", *touch)
        engine.docker("rm", "old")
    finally:
        shell(f"umount {tmp_path}/top/sub")


def test_names_of_hosts_on_the_hosts_network(engine):
    shown = engine.docker("run", "--rm", "--network", "host", "--add-host", "extra:10.1.2.3", "busybox", "cat", "/etc/hosts").out
    assert "10.1.2.3\textra" in shown


def test_shared_memory_of_the_host(engine):
    name = f"varve-test-{time.time_ns()}"
    with contextlib.ExitStack() as stack:
        path = f"/dev/shm/{name}"
        stack.callback(lambda: shell(f"rm -f {path}"))
        with open(path, "w") as file:
            file.write("shared")
        assert engine.docker("run", "--rm", "--network", "none", "--ipc", "host", "busybox", "cat", path).out == "shared"


def test_import_by_address(engine, busybox_tar):
    """The daemon fetches it, and says what went wrong where it can't."""
    engine.docker("create", "--name", "maker", "busybox", "true")
    engine.docker("export", "-o", engine.place / "root.tar", "maker")
    engine.docker("rm", "maker")
    tar = (engine.place / "root.tar").read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/root.tar" else 404)
            self.end_headers()
            self.wfile.write(tar if self.path == "/root.tar" else b"none")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        for program in (engine.docker, engine.varve):
            program("import", "-c", 'CMD ["echo", "fetched"]', f"{base}/root.tar", "fetched")
            assert engine.docker("run", "--rm", "--network", "none", "fetched").out == "fetched\n"
            engine.docker("rmi", "fetched")
        engine.docker("import", f"http://me:hidden@127.0.0.1:{server.server_port}/root.tar", "fetched")
        assert "hidden" not in engine.docker("history", "--no-trunc", "fetched").out
        engine.docker("rmi", "fetched")
        failed = engine.docker("import", f"{base}/none", "fetched", check=False)
        assert failed.code == 1 and "404" in failed.err, failed
        server.shutdown()
    failed = engine.docker("import", "http://127.0.0.1:1/root.tar", "fetched", check=False)
    assert failed.code == 1 and "127.0.0.1:1" in failed.err, failed
    assert engine.docker("images", "-q", "fetched").out == ""
    assert engine.api("POST", "/images/create?fromImage=")[0] == 400
