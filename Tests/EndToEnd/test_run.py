"""`run`: what a container says, gets and returns."""
import hashlib
import os

import pytest

import clients

SAID = {
    "nosuchprogram": (127, 'exec: "nosuchprogram": executable file not found in $PATH'),
    "/nosuch/program": (127, "no such file or directory"),
    "/etc": (126, ""),
    "/notexecutable": (126, "permission denied"),
}


def test_output_and_success(cli):
    """Output comes out, both streams apart, and success is 0."""
    result = cli("run", "--rm", "--network", "none", "busybox", "sh", "-c", "echo out; echo err >&2")
    assert (result.code, result.out, result.err) == (0, "out\n", "err\n")


@pytest.mark.parametrize("code", [1, 3, 255])
def test_exit_status_passes_through(cli, code):
    assert cli("run", "--rm", "busybox", "sh", "-c", f"exit {code}", check=False).code == code


@pytest.mark.parametrize("command", SAID)
def test_command_that_cannot_start(cli, command):
    """Exit status and words are Docker's, and the container of --rm is gone."""
    result = cli("run", "--rm", "--name", "bad", "busybox", command, check=False)
    code, words = SAID[command]
    assert result.code == code, result
    assert words in result.err and command in result.err, result
    assert cli("ps", "-aq").out == ""


def test_failed_start_is_recorded(cli):
    """Without --rm the container stays, created, and says why it did not start."""
    cli("run", "--name", "bad", "busybox", "nosuchprogram", check=False)
    state = cli.daemon.inspect("bad", "{{json .State}}")
    assert state["ExitCode"] == 127 and "nosuchprogram" in state["Error"] and not state["Running"]


@pytest.mark.parametrize("arguments, words", [
    (["--user", "nosuch", "busybox", "id"], "unable to find user nosuch: no matching entries in passwd file"),
    (["--user", "root:nosuch", "busybox", "id"], "unable to find group nosuch: no matching entries in group file"),
])
def test_unknown_user(cli, arguments, words):
    result = cli("run", "--rm", *arguments, check=False)
    assert result.code == 125 and words in result.err, result
    assert cli("ps", "-aq").out == ""


def test_end_by_signal(cli):
    """128 + the signal's number."""
    child = cli.spawn("run", "--name", "victim", "busybox", "sh", "-c", "echo up; exec sleep 100")
    assert child.stdout.readline() == b"up\n"
    cli("kill", "victim")
    child.communicate(timeout=10)
    assert child.returncode == 137
    assert cli.daemon.inspect("victim", "{{.State.ExitCode}}") == 137


def test_standard_input_with_half_close(cli):
    """The end of our input is the end of the container's, and its answer still arrives."""
    result = cli("run", "-i", "--rm", "busybox", "sh", "-c", "cat; echo end", stdin=b"data")
    assert result.out == "dataend\n"


def test_no_standard_input_without_i(cli):
    assert cli("run", "--rm", "busybox", "cat", stdin=b"data").out == ""


def test_nothing_is_lost_in_either_direction(cli):
    """8 MiB in and out again, byte for byte."""
    data = os.urandom(8 << 20)
    child = cli.spawn("run", "-i", "--rm", "busybox", "cat")
    out, err = child.communicate(data, timeout=60)
    assert child.returncode == 0, err
    assert hashlib.sha256(out).digest() == hashlib.sha256(data).digest()


def test_short_outputs_are_whole(cli):
    """A container that ends at once loses no line."""
    for _ in range(5):
        assert cli("run", "--rm", "busybox", "seq", "2000").lines == [str(n) for n in range(1, 2001)]


def test_init(cli):
    """The first process collects the ended ones of others, passes signals on, and ends as the command does."""
    assert cli("run", "--rm", "--init", "busybox", "sh", "-c", "cat /proc/1/comm").out == "docker-init\n"
    assert cli("run", "--rm", "busybox", "cat", "/proc/1/comm").out == "cat\n"
    cli("run", "-d", "--init", "--name", "box", "busybox", "sh", "-c", "(sh -c 'sleep 0.1 & exec true') ; exec sleep 600")
    clients.eventually(lambda: "sleep 600" in cli("exec", "box", "ps").out)
    assert " Z " not in cli("exec", "box", "ps", "-o", "stat").out
    cli("stop", "box")
    assert cli.daemon.inspect("box", "{{json .State.ExitCode}}") == 143
    assert cli("run", "--rm", "--init", "busybox", "sh", "-c", "exit 7", check=False).code == 7


@pytest.mark.parametrize("user, expected", [
    (None, "uid=0(root) gid=0(root) groups=0(root)"),
    ("user", "uid=1000(user) gid=1001(users) groups=1001(users),1002(extra)"),
    ("1000", "uid=1000(user) gid=1001(users) groups=1001(users),1002(extra)"),
    ("4321", "uid=4321 gid=0(root) groups=0(root)"),
    ("1000:7", "uid=1000(user) gid=7 groups=7"),
])
def test_user(cli, user, expected):
    """Names and numbers are looked up in the container's own files."""
    flags = ["--user", user] if user else []
    assert cli("run", "--rm", *flags, "busybox", "id").out.strip() == expected


def test_user_has_no_capabilities_but_keeps_home(cli):
    result = cli("run", "--rm", "--user", "user", "busybox", "sh", "-c", "grep CapEff /proc/self/status; echo $HOME")
    assert result.out.split() == ["CapEff:", "0000000000000000", "/home/user"]


def test_environment(cli):
    result = cli("run", "--rm", "-e", "A=b c", "-e", "PATH=/bin:/x", "--hostname", "here", "busybox", "env")
    assert {"A=b c", "PATH=/bin:/x", "HOSTNAME=here", "HOME=/root"} <= set(result.lines), result


def test_working_directory_is_made(cli):
    assert cli("run", "--rm", "-w", "/deep/new/folder", "busybox", "pwd").out == "/deep/new/folder\n"


def test_entrypoint(cli):
    assert cli("run", "--rm", "--entrypoint", "echo", "busybox", "a", "b").out == "a b\n"


def test_hostname_and_files(cli):
    script = "hostname; cat /etc/hostname; grep -c localhost /etc/hosts; test -e /etc/resolv.conf && echo resolv"
    result = cli("run", "--rm", "--hostname", "here", "busybox", "sh", "-c", script)
    assert result.lines[:2] == ["here", "here"] and int(result.lines[2]) >= 1 and result.lines[3] == "resolv"


def test_default_hostname_is_the_short_id(cli):
    container = cli("create", "busybox", "hostname").out.strip()
    assert cli("start", "-a", container).out.strip() == container[:12]


def test_read_only_root(cli):
    result = cli("run", "--rm", "--read-only", "--tmpfs", "/scratch:size=1m,mode=1777", "busybox", "sh", "-c",
                 "touch /scratch/fine && echo scratch; touch /not", check=False)
    assert result.code == 1 and result.out == "scratch\n" and "Read-only file system" in result.err, result


def test_tmpfs(cli):
    result = cli("run", "--rm", "--tmpfs", "/scratch:size=64k", "busybox", "sh", "-c",
                 "mount | grep /scratch; dd if=/dev/zero of=/scratch/f bs=1k count=100 2>&1", check=False)
    assert "tmpfs on /scratch type tmpfs" in result.out and "No space left" in result.out, result


def test_bind_mount(cli, tmp_path):
    """The host's folder is there, writable; read-only with :ro; and a missing source is made."""
    (tmp_path / "there").write_text("from the host")
    result = cli("run", "--rm", "-v", f"{tmp_path}:/mnt", "busybox", "sh", "-c", "cat /mnt/there; echo back >/mnt/answer")
    assert result.out == "from the host" and (tmp_path / "answer").read_text() == "back\n"
    result = cli("run", "--rm", "-v", f"{tmp_path}:/mnt:ro", "busybox", "touch", "/mnt/x", check=False)
    assert result.code == 1 and "Read-only file system" in result.err
    cli("run", "--rm", "-v", f"{tmp_path}/new:/mnt", "busybox", "true")
    assert (tmp_path / "new").is_dir()


def test_image_configuration_counts(cli, tmp_path):
    """Command, environment, folder and user of an image hold unless the command line says otherwise."""
    import rootfs
    layers = [rootfs.busybox_layer()]
    config = rootfs.image_config(layers, Entrypoint=["sh", "-c"], Cmd=["pwd; id -u; echo $WHO"], Env=["PATH=/bin", "WHO=image"],
                                 WorkingDir="/home", User="user")
    (tmp_path / "i.tar").write_bytes(rootfs.docker_archive(layers, "configured:latest", config))
    cli("load", "-i", tmp_path / "i.tar")
    assert cli("run", "--rm", "configured").lines == ["/home", "1000", "image"]
    assert cli("run", "--rm", "-e", "WHO=me", "-u", "0", "-w", "/", "configured", "pwd; id -u; echo $WHO").lines == ["/", "0", "me"]
    cli("rmi", "configured")
