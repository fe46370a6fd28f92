"""`userns-remap`: who is root in a container is nobody on the host, and files keep the owners that images gave them."""
import io
import json
import os
import pathlib
import re
import tarfile

import pytest

import clients
import leaks

USER, UID, GID = "daemon", 300000, 400000
FILES = [pathlib.Path("/etc/subuid"), pathlib.Path("/etc/subgid")]


@pytest.fixture(scope="module")
def ids():
    """A user of every Debian host has ids to give away."""
    lines = dict(zip(FILES, (f"{USER}:{UID}:65536\n", f"{USER}:{GID}:65536\n")))
    for file, line in lines.items():
        with open(file, "a") as out:
            out.write(line)
    yield
    for file, line in lines.items():
        file.write_text(file.read_text().replace(line, "", 1))


@pytest.fixture(scope="module")
def shared(make_module_daemon, driver, busybox_tar, ids):
    """In place of the one without: a daemon that remaps."""
    daemon = make_module_daemon(driver, arguments=["--userns-remap", USER])
    # The tests' own checks are of the folder that it works in.
    daemon.whole_root, daemon.data_root = daemon.data_root, daemon.data_root / f"{UID}.{GID}"
    daemon.argv = lambda made=daemon.argv: [str(daemon.whole_root) if word == str(daemon.data_root) else word for word in made()]
    daemon.docker("load", "-i", busybox_tar)
    return daemon


def inside(engine, script, *flags, **options):
    return engine.docker("run", "--rm", *flags, "busybox", "sh", "-c", script, **options)


def says(engine, script, *flags):
    return inside(engine, script, *flags).out.strip()


def host_status(engine, name):
    """`/proc/PID/status` of its first process."""
    pid = engine.inspect(name, "{{.State.Pid}}")
    return dict(re.split(r":\s+", line, 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())


def owners(tar):
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return {member.name: (member.uid, member.gid) for member in archive}


@pytest.fixture
def box(engine):
    engine.docker("run", "-d", "--name", "box", "--stop-timeout", "0", "busybox", "sh", "-c", "touch /mine; chown 5:6 /mine; mkdir /d; touch /ready; exec sleep 600")
    clients.eventually(lambda: engine.docker("exec", "box", "test", "-e", "/ready", check=False).code == 0)
    return engine


def test_ids(engine):
    """The user's ids, from 0 on, and no others."""
    assert says(engine, "cat /proc/self/uid_map /proc/self/gid_map").split() == ["0", str(UID), "65536", "0", str(GID), "65536"]
    assert "userns" in engine.docker("info").out and json.loads(engine.api("GET", "/info")[1])["DockerRootDir"].endswith(f"/{UID}.{GID}")


def test_root_is_nobody_outside(box):
    status = host_status(box, "box")
    assert status["Uid"].split() == [str(UID)] * 4 and status["Gid"].split() == [str(GID)] * 4 and status["Groups"].split() in ([], [str(GID)])
    assert box.docker("exec", "box", "id", "-u").out.strip() == "0"
    assert str(UID) in box.docker("top", "box").out


@pytest.mark.parametrize("kind", ["user", "mnt", "pid", "uts", "ipc", "net", "cgroup"])
def test_namespaces_belong_to_it(box, kind):
    """Each of its own, the execs' the same."""
    pid = box.inspect("box", "{{.State.Pid}}")
    own = os.readlink(f"/proc/{pid}/ns/{kind}")
    assert own != os.readlink(f"/proc/self/ns/{kind}")
    assert box.docker("exec", "box", "readlink", f"/proc/self/ns/{kind}").out.strip() == own


def test_image_files_keep_their_owners(engine):
    out = says(engine, "stat -c %u:%g / /etc /etc/passwd /bin/busybox /dev/null /dev /dev/shm /etc/hosts; chown 1000:1001 /etc/motd; stat -c %u:%g /etc/motd")
    assert out.split() == ["0:0"] * 8 + ["1000:1001"]


def test_changes_have_the_containers_ids(engine):
    engine.docker("run", "--name", "box", "busybox", "sh", "-c", "echo x >/new; chown 7:8 /new; chown 1000:1001 /etc/motd; rm /notexecutable; rm -r /home; mkdir /home")
    assert {"A /new", "C /etc/motd", "D /notexecutable"} <= set(engine.docker("diff", "box").lines)
    exported = owners(engine.docker("export", "box").out.encode("utf-8", "surrogateescape"))
    assert exported["new"] == (7, 8) and exported["etc/motd"] == (1000, 1001) and exported["home/"[:-1]] == (0, 0) and "notexecutable" not in exported
    engine.docker("commit", "box", "made:1")
    script = "stat -c %u:%g /new /etc/motd /home; ls /home /notexecutable 2>&1"
    said = engine.docker("run", "--rm", "made:1", "sh", "-c", script, check=False).out.split("\n")
    assert said[:3] == ["7:8", "1000:1001", "0:0"]
    host = engine.docker("run", "--rm", "--userns", "host", "made:1", "stat", "-c", "%u:%g", "/new", "/etc/motd").out.split()
    assert host == ["7:8", "1000:1001"]


def test_user(engine):
    result = inside(engine, "id -u; id -g; touch /tmp/x; stat -c %u:%g /tmp/x; echo yes >/dev/stdout; touch /etc/no", "--user", "1000:1001", check=False)
    assert result.out.split() == ["1000", "1001", "1000:1001", "yes"] and "Permission denied" in result.err


def test_host_files_are_closed(engine, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s")
    secret.chmod(0o600)
    tmp_path.chmod(0o755)
    result = inside(engine, "stat -c %u:%g /h/secret; cat /h/secret", "-v", f"{tmp_path}:/h", check=False)
    assert result.out.strip() == "65534:65534" and "Permission denied" in result.err and result.code == 1
    result = inside(engine, "touch /h/new", "-v", f"{tmp_path}:/h", check=False)
    assert "Permission denied" in result.err and not (tmp_path / "new").exists()
    os.chown(secret, UID + 3, GID + 4)
    assert says(engine, "stat -c %u:%g /h/secret", "-v", f"{tmp_path}:/h") == "3:4"


def test_missing_bind_source_is_the_containers(engine, tmp_path):
    tmp_path.chmod(0o755)
    assert says(engine, "touch /h/x && stat -c %u:%g /h /h/x", "-v", f"{tmp_path}/made:/h").split() == ["0:0", "0:0"]
    assert (tmp_path / "made/x").stat().st_uid == UID


def test_volumes_keep_the_containers_ids(engine):
    """On the disk, too: a container with the host's ids shares them."""
    engine.docker("volume", "create", "vol")
    assert says(engine, "touch /v/a; chown 9:10 /v/a; stat -c %u:%g /v /v/a", "-v", "vol:/v").split() == ["0:0", "9:10"]
    data = pathlib.Path(engine.docker("volume", "inspect", "-f", "{{.Mountpoint}}", "vol").out.strip())
    assert ((data / "a").stat().st_uid, (data / "a").stat().st_gid) == (9, 10)
    assert says(engine, "stat -c %u:%g /v/a", "-v", "vol:/v", "--userns", "host") == "9:10"
    assert says(engine, "stat -c %u:%g /home/user; touch /home/user/x", "-v", "fill:/home") == "0:0"
    engine.docker("volume", "rm", "vol", "fill")


def test_tmpfs_and_terminal(engine):
    assert says(engine, "touch /t/x; stat -c %u:%g:%a /t /t/x", "--tmpfs", "/t:mode=700").split() == ["0:0:700", "0:0:644"]
    assert re.search(r"/dev/pts/0\s+0:5:620", inside(engine, "echo $(tty) $(stat -c %u:%g:%a /dev/pts/0)", "-t").out)


def test_devices(engine):
    result = inside(engine, "mknod /tmp/n c 1 3; cat /dev/null; head -c3 /dev/zero | wc -c; ls -l /dev/fuse; stat -c %u:%g:%t:%T /dev/f/use", "--device", "/dev/fuse:/dev/f/use", "--cap-add", "MKNOD", check=False)
    assert "mknod: /tmp/n: Operation not permitted" in result.err and result.out.split() == ["3", "0:0:a:e5"], str(result)
    assert not leaks.mounts_below(engine.place)


def test_network(engine):
    out = says(engine, "ping -c1 -W2 127.0.0.1 >/dev/null && echo pings; nc -l -p 80 -e true & sleep 0.3; netstat -ltn | grep -c ':80 '", "--network", "none")
    assert out.split() == ["pings", "1"]
    assert says(engine, "cat /proc/sys/net/ipv4/ping_group_range").split() == ["0", "65535"]
    assert says(engine, "ip link set lo mtu 9000 && ip -o link show lo | grep -c 9000", "--network", "none", "--cap-add", "NET_ADMIN") == "1"


def test_mounting_with_the_right_to(engine):
    """The mount namespace is the container's to change, and the host's flags hold."""
    flags = ("--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined")
    assert says(engine, "mount -t tmpfs t /mnt 2>/dev/null || { mkdir /m; mount -t tmpfs t /m; }; grep -c '^t ' /proc/mounts", *flags) == "1"
    assert inside(engine, "echo 1 >/proc/sys/vm/drop_caches; echo b >/proc/sysrq-trigger", *flags, check=False).code != 0


def test_sysctl_and_hostname(engine):
    assert says(engine, "cat /proc/sys/net/ipv4/ip_forward; hostname", "--sysctl", "net.ipv4.ip_forward=1", "-h", "there", "--network", "none").split() == ["1", "there"]


def test_masks_hold(engine):
    assert says(engine, "cat /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l").split() == ["0", "0"]
    assert "Read-only file system" in inside(engine, "echo x >/proc/sys/kernel/domainname", check=False).err


def test_limits(engine):
    """Those that take the host's rights are set with them."""
    out = says(engine, "cat /proc/self/oom_score_adj; ulimit -n; ulimit -c", "--oom-score-adj", "321", "--ulimit", "nofile=77:88", "--ulimit", "core=0", "--pids-limit", "5", "--memory", "64m")
    assert out.split() == ["321", "77", "0"]
    assert inside(engine, "exit 3", "--pids-limit", "1", check=False).code == 3


def test_host_ids_on_request(engine):
    assert says(engine, "cat /proc/self/uid_map", "--userns", "host").split() == ["0", "0", "4294967295"]
    assert says(engine, "cat /proc/self/uid_map", "--userns", "host", "--privileged").split()[1] == "0"


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--privileged"], "privileged mode is incompatible with user namespaces"),
        (["--network", "host"], "cannot share the host's network namespace when user namespaces are enabled"),
        (["--pid", "host"], "cannot share the host PID namespace when user namespaces are enabled"),
        (["--userns", "private"], "USER mode"),
    ],
)
def test_refused(engine, flags, words):
    result = engine.docker("create", *flags, "busybox", check=False)
    assert result.code != 0 and words in result.err
    if flags[0] != "--userns":
        engine.docker("create", *flags, "--userns", "host", "busybox")


def test_joined_namespaces(box):
    """They belong to the other's user namespace: that is joined, too."""
    pid = box.inspect("box", "{{.State.Pid}}")
    for kind, flag in (("net", "--network"), ("pid", "--pid")):
        said = says(box, f"readlink /proc/self/ns/{kind}; readlink /proc/self/ns/user; id -u", flag, "container:box").split()
        assert said == [os.readlink(f"/proc/{pid}/ns/{kind}"), os.readlink(f"/proc/{pid}/ns/user"), "0"]
    box.docker("run", "-d", "--name", "host", "--userns", "host", "busybox", "sleep", "600")
    result = inside(box, "true", "--network", "container:host", check=False)
    assert result.code != 0 and "has the host's user namespace" in result.err
    assert says(box, "readlink /proc/self/ns/net", "--network", "container:box", "--userns", "host") == os.readlink(f"/proc/{pid}/ns/net")


def test_shared_ipc(engine):
    engine.docker("run", "-d", "--name", "donor", "--ipc", "shareable", "busybox", "sh", "-c", "echo shared >/dev/shm/x; exec sleep 600")
    clients.eventually(lambda: engine.docker("exec", "donor", "test", "-s", "/dev/shm/x", check=False).code == 0)
    assert says(engine, "cat /dev/shm/x; stat -c %u /dev/shm/x", "--ipc", "container:donor").split() == ["shared", "0"]


def test_host_ipc(engine):
    assert says(engine, "readlink /proc/self/ns/ipc; id -u", "--ipc", "host").split() == [os.readlink("/proc/self/ns/ipc"), "0"]


def test_exec(box):
    assert box.docker("exec", "box", "sh", "-c", "id -u; touch /d/exec; stat -c %u:%g /d/exec; cat /proc/self/uid_map; echo yes >/dev/stdout").out.split() == ["0", "0:0", "0", str(UID), "65536", "yes"]
    assert box.docker("exec", "-u", "1000:1001", "box", "sh", "-c", "id -u; id -g; echo yes >/dev/stdout").out.split() == ["1000", "1001", "yes"]
    assert box.docker("exec", "-t", "box", "tty").out.strip() == "/dev/pts/0"
    assert box.docker("exec", "-i", "box", "cat", stdin=b"through").out == "through"
    assert box.docker("exec", "box", "cat", "/proc/self/oom_score_adj").out.strip() == "0"


def tar_of(name, uid, gid, data=b"x", capability=None):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo(name)
        info.uid, info.gid, info.size, info.mode = uid, gid, len(data), 0o4755
        if capability:
            info.pax_headers = {"SCHILY.xattr.security.capability": capability.decode("latin-1")}
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_copy(box, state, tmp_path):
    """In and out, the ids are the container's."""
    if state == "stopped":
        box.docker("stop", "box")
    box.docker("cp", "-", "box:/d", stdin=tar_of("in", 21, 22))
    out = box.docker("cp", "box:/d/in", "-").out.encode("utf-8", "surrogateescape")
    assert owners(out)["in"] == (21, 22)
    assert owners(box.docker("cp", "box:/mine", "-").out.encode("utf-8", "surrogateescape"))["mine"] == (5, 6)
    result = box.docker("cp", "-", "box:/d", stdin=tar_of("far", 70000, 0), check=False)
    assert state == "stopped" or (result.code != 0 and "an owner that the container can't have" in result.both)
    if state == "stopped":
        box.docker("start", "box")
    assert box.docker("exec", "box", "stat", "-c", "%u:%g:%a", "/d/in").out.strip() == "21:22:4755"
    exported = owners(box.docker("export", "box").out.encode("utf-8", "surrogateescape"))
    assert exported["d/in"] == (21, 22)


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_copy_through_mounts(engine, tmp_path, state):
    (tmp_path / "h").mkdir()
    os.chown(tmp_path / "h", UID, GID)
    engine.docker("run", "-d", "--name", "box", "-v", "cv:/v", "-v", f"{tmp_path}/h:/h", "--stop-timeout", "0", "busybox", "sleep", "600")
    if state == "stopped":
        engine.docker("stop", "box")
    for place in ("/v", "/h"):
        engine.docker("cp", "-", f"box:{place}", stdin=tar_of("in", 21, 22))
        assert owners(engine.docker("cp", f"box:{place}/in", "-").out.encode("utf-8", "surrogateescape"))["in"] == (21, 22)
    assert (tmp_path / "h/in").stat().st_uid == UID + 21
    engine.docker("start", "box")
    assert engine.docker("exec", "box", "stat", "-c", "%u:%g", "/v/in", "/h/in").out.split() == ["21:22", "21:22"]
    engine.docker("rm", "-f", "-v", "box")
    engine.docker("volume", "rm", "cv")


CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")  # cap_net_raw+ep, as setcap writes it on a host


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_file_capabilities(box, state):
    """A program with capabilities that comes with an archive has them in the container."""
    if state == "stopped":
        box.docker("stop", "box")
    busybox = pathlib.Path("/bin/busybox").read_bytes()
    box.docker("cp", "-", "box:/d", stdin=tar_of("busybox", 0, 0, busybox, CAPABILITY))
    if state == "stopped":
        box.docker("start", "box")
    box.docker("exec", "box", "chmod", "755", "/d/busybox")
    said = box.docker("exec", "-u", "1000:1001", "box", "/d/busybox", "grep", "CapEff", "/proc/self/status").out.split()
    assert said[1] == "0000000000002000", said


def test_start_again_and_restart_of_the_daemon(box):
    box.docker("restart", "box")
    clients.eventually(lambda: box.docker("exec", "box", "test", "-e", "/ready", check=False).code == 0)
    assert box.docker("exec", "box", "stat", "-c", "%u:%g", "/mine").out.strip() == "5:6"
    box.restart()
    assert host_status(box, "box")["Uid"].split()[0] == str(UID)
    assert box.docker("exec", "box", "cat", "/proc/self/uid_map").out.split()[1] == str(UID)
    box.docker("pause", "box")
    box.docker("unpause", "box")
    assert box.docker("stats", "--no-stream", "--format", "{{.PIDs}}", "box").out.strip() == "1"


def test_kill_leaves_nothing(box):
    pid = int(box.inspect("box", "{{.State.Pid}}"))
    box.kill9()
    os.kill(pid, 9)
    box.start()
    clients.eventually(lambda: not box.inspect("box", "{{.State.Running}}"))
    assert not leaks.mounts_below(box.place) and not leaks.mounts_below(box.exec_root)


def test_image_mount(engine):
    """An image's files, where their mount can be mapped; else a word on what to do."""
    result = inside(engine, "stat -c %u:%g /i/etc/motd", "--mount", "type=image,source=busybox,target=/i", check=False)
    if engine.driver in ("overlay2", "aufs") and result.code:
        assert "--userns=host" in result.err
    else:
        assert result.out.strip() == "0:0", str(result)


def test_data_roots_side_by_side(make_daemon, engine):
    """The same data root without remapping is another one: what is in the folder of the ids does not show."""
    other = make_daemon(engine.driver, data_root=engine.whole_root, arguments=[])
    assert not other.docker("images", "-q").lines and engine.docker("images", "-q").lines
    mode = os.stat(engine.data_root)
    assert (mode.st_mode & 0o7777, mode.st_uid, mode.st_gid) == (0o710, 0, GID)


def start_of(make_daemon, driver, *arguments, config=None):
    with pytest.raises(AssertionError) as failure:
        make_daemon(driver, arguments=list(arguments), config=config)
    return str(failure.value)


@pytest.mark.parametrize(
    "value, words",
    [
        ("nobodyhere", "error during uid lookup"), ("daemon:nogrouphere", "error during gid lookup"), ("1:2:3", "invalid user/group specification"),
        ("4294967294", "has no entry in /etc/passwd"), ("bin", "no ids for user bin in /etc/subuid"), ("default", "useradd"),
    ],
)
def test_bad_settings(make_daemon, ids, value, words):
    if value == "default" and "dockremap:" in pathlib.Path("/etc/passwd").read_text():
        pytest.skip("this host has a user dockremap")
    assert words in start_of(make_daemon, "vfs", "--userns-remap", value)
    assert words in start_of(make_daemon, "vfs", config={"userns-remap": value})
