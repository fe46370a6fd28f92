"""`userns-remap`: who is root in a container is nobody on the host, and no less root inside."""
import json
import os
import pathlib
import re

import pytest

import clients
import leaks
from remapped import GID, UID, USER, given_ids, host_status, inside, owners, remapping_daemon, says, start_box


@pytest.fixture(scope="module")
def ids():
    with given_ids():
        yield


@pytest.fixture(scope="module")
def shared(make_module_daemon, driver, busybox_tar, ids):
    return remapping_daemon(make_module_daemon, driver, busybox_tar)


@pytest.fixture
def box(engine):
    return start_box(engine)


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
    flags = ("--cap-add", "SYS_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined")
    assert says(engine, "mount -t tmpfs t /mnt 2>/dev/null || { mkdir /m; mount -t tmpfs t /m; }; grep -c '^t ' /proc/mounts", *flags) == "1"
    assert inside(engine, "echo 1 >/proc/sys/vm/drop_caches; echo b >/proc/sysrq-trigger", *flags, check=False).code != 0


def test_the_hosts_control_groups(engine):
    """Shown, since they are not its own to mount, and closed."""
    script = "ls /sys/fs/cgroup | wc -l; f=$(find /sys/fs/cgroup -name cgroup.procs | head -1); echo 1 >$f"
    result = inside(engine, script, "--cgroupns", "host", check=False)
    assert int(result.out) > 1 and "Read-only file system" in result.err, str(result)
    assert says(engine, "readlink /proc/self/ns/cgroup", "--cgroupns", "host") == os.readlink("/proc/self/ns/cgroup")


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


def test_data_roots_side_by_side(make_daemon, engine):
    """The same data root without remapping is another one: what is in the folder of the ids does not show."""
    other = make_daemon(engine.driver, data_root=engine.whole_root, arguments=[])
    assert not other.docker("images", "-q").lines and engine.docker("images", "-q").lines
    other.stop()
    other.data_root = other.place  # what is left below the other one is the first daemon's
    status = os.stat(engine.data_root)
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o710, 0, 0)


def test_dockerds_folder_is_refused(make_daemon, disk, ids):
    """Its layers have the mapped owners."""
    folder = disk / "mapped" / f"{UID}.{GID}"
    folder.mkdir(parents=True)
    os.chown(folder, 0, GID)
    assert "is dockerd's, whose layers" in start_of(make_daemon, "vfs", "--userns-remap", USER, data_root=disk / "mapped")
    assert not list(folder.iterdir())


def test_refused_where_ids_cant_be_shown(make_daemon, busybox_tar, ids):
    daemon = make_daemon("aufs", arguments=["--userns-remap", USER, "--storage-opt", "aufs.union=fuse-overlayfs"])
    daemon.docker("load", "-i", busybox_tar)
    result = inside(daemon, "true", check=False)
    assert result.code == 125 and "idmapped mounts" in result.err and "--userns=host" in result.err, str(result)
    assert says(daemon, "cat /proc/self/uid_map", "--userns", "host").split()[1] == "0"


def start_of(make_daemon, driver, *arguments, **options):
    with pytest.raises(AssertionError) as failure:
        make_daemon(driver, arguments=list(arguments), **options)
    return str(failure.value)


@pytest.mark.parametrize(
    "value, words",
    [
        ("nobodyhere", "error during uid lookup"), ("daemon:nogrouphere", "error during gid lookup"), ("1:2:3", "invalid user/group specification"),
        ("4294967294", "has no entry in /etc/passwd"), ("bin", "no ids for user bin in /etc/subuid"), ("default", "useradd"),
        ("root", "root can't be remapped to itself"), ("daemon:", "invalid user/group specification"),
    ],
)
def test_bad_settings(make_daemon, ids, value, words):
    if value == "default" and "dockremap:" in pathlib.Path("/etc/passwd").read_text():
        pytest.skip("this host has a user dockremap")
    assert words in start_of(make_daemon, "vfs", "--userns-remap", value)
    assert words in start_of(make_daemon, "vfs", config={"userns-remap": value})
