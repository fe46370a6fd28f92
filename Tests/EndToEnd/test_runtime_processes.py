"""`varve-runtime exec`, terminals and what the runtime says of itself; runc is the control where it does the same."""
import contextlib
import json
import os
import socket
import stat
import subprocess

import pexpect
import pytest

import bundles
import engine
from clients import eventually
from test_runtime import bundle, ours, runtime  # noqa: F401


@contextlib.contextmanager
def console(place):
    """A socket that takes a terminal's master, as conmon and containerd's shim have it."""
    path = place / "console.sock"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(20 * engine.PATIENCE)
        yield path, lambda: receive(listener)


def receive(listener):
    connection, _ = listener.accept()
    with connection:
        message, descriptors, _, _ = socket.recv_fds(connection, 100, 1)
    assert message and len(descriptors) == 1
    return descriptors[0]


def read_all(master):
    said = b""
    with contextlib.suppress(OSError):
        while piece := os.read(master, 4096):
            said += piece
    os.close(master)
    return said.decode().replace("\r\n", "\n")


def test_exec(runtime, bundle):
    runtime.run(bundle, "-d")
    result = runtime("exec", "--env", "B=2", "--cwd", "/tmp", "--user", "1000:1001", "box", "sh", "-c", "id -u; id -g; pwd; echo $B; echo err >&2; exit 5", check=False)
    assert (result.code, result.lines, result.err) == (5, ["1000", "1001", "/tmp", "2"], "err\n"), result
    pid = runtime.state()["pid"]
    kinds = ("mnt", "pid", "net", "ipc", "uts")
    script = "for kind in " + " ".join(kinds) + "; do readlink /proc/self/ns/$kind; done"
    assert runtime("exec", "box", "sh", "-c", script).lines == [os.readlink(f"/proc/{pid}/ns/{kind}") for kind in kinds]
    groups = runtime("exec", "box", "cat", "/proc/self/cgroup").lines
    assert any(line.endswith("/box") for line in groups), groups


def test_exec_of_a_process_file(runtime, bundle, place):
    runtime.run(bundle, "-d")
    process = {**bundle.process, "args": ["sh", "-c", "echo $A >/got; id -G >>/got"], "env": ["PATH=/bin", "A=file"], "cwd": "/"}
    process["user"] = {"uid": 0, "gid": 3, "additionalGids": [4]}
    (place / "process.json").write_text(json.dumps(process))
    with bundles.adopting():
        runtime("exec", "--process", place / "process.json", "--detach", "--pid-file", place / "pid", "box")
        assert os.waitstatus_to_exitcode(os.waitpid(int((place / "pid").read_text()), 0)[1]) == 0
    assert (bundle.tree / "got").read_text() == "file\n3 4\n"


@pytest.mark.parametrize("command, reason", [(["nosuch"], "executable file not found in $PATH"), (["/etc/motd"], "permission denied")])
def test_exec_of_what_cannot_run(runtime, bundle, command, reason):
    runtime.run(bundle, "-d")
    assert runtime.fails("exec", "box", *command, saying=reason).code == 255


def test_exec_where_the_first_process_has_gone_down(runtime, bundle):
    """As systemd does with v2: a group whose children have controllers takes no process."""
    if not bundles.is_unified():
        pytest.skip("control groups of v1 take processes wherever they are")
    bundle.linux["namespaces"].append({"type": "cgroup"})
    bundle.spec["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"})
    down = "mkdir inner && echo 1 >inner/cgroup.procs && echo +pids >cgroup.subtree_control"
    bundle.shell(f"cd /sys/fs/cgroup && {down} && touch /ready; sleep 100")
    runtime.run(bundle, "-d")
    eventually(lambda: (bundle.tree / "ready").exists())
    assert runtime("exec", "box", "cat", "/proc/self/cgroup").out == "0::/inner\n"


def test_exec_in_what_has_stopped(runtime, bundle):
    bundle.process["args"] = ["true"]
    runtime.create(bundle)
    runtime("start", "box")
    runtime.reaches("stopped")
    runtime.fails("exec", "box", "true", saying="stopped")


def test_exec_after_its_user_by_name(ours, bundle):
    ours.run(bundle, "-d")
    assert ours("exec", "--user", "user", "box", "id", "-u").out == "1000\n"


def test_descriptors(runtime, bundle):
    """None but the three streams, and those that were to be preserved."""
    script = "ls /proc/self/fd | xargs"
    bundle.shell(script)
    assert runtime.run(bundle).out == "0 1 2 3\n"   # the last one is of `ls`
    ends = os.pipe()
    bundle.shell("echo through >&3; " + script)
    # Python would pass the pipe on under its own number.
    runtime.run(bundle, "--preserve-fds", "1", pass_fds=[3], preexec_fn=lambda: os.dup2(ends[1], 3))
    os.close(ends[1])
    assert os.read(ends[0], 100) == b"through\n"
    os.close(ends[0])
    runtime.fails("run", "--bundle", bundle.folder, "--preserve-fds", "5", "other")


def test_program_can_not_be_overwritten(runtime, bundle):
    """Nor by who keeps what it finds as the program of the process that set it up until that is gone (CVE-2019-5736)."""
    runtime.create(bundle)
    pid = runtime.state()["pid"]
    program = os.open(f"/proc/{pid}/exe", os.O_RDONLY)
    # runc 1.1 has a read-only bind mount of the same file.
    assert runtime.name == "runc" or os.fstat(program).st_dev != os.stat(runtime.command[0]).st_dev
    runtime("start", "box")
    eventually(lambda: os.readlink(f"/proc/{pid}/exe") == "/bin/busybox")
    with pytest.raises(OSError):    # a sealed memory file may be opened, not written
        os.write(os.open(f"/proc/self/fd/{program}", os.O_RDWR | os.O_CLOEXEC), b"x")
    os.close(program)


def test_program_without_a_path(ours, bundle):
    """No overlay can show it, nor on older kernels any: then it is copied into a sealed memory file."""
    program = os.memfd_create("runtime", 0)
    with open(ours.command[0], "rb") as file:
        os.write(program, file.read())
    ours.command[0] = f"/proc/self/fd/{program}"
    ours.create(bundle, pass_fds=[program])
    ours.command[0] = bundles.RUNTIMES["varve-runtime"]
    pid = ours.state()["pid"]
    assert os.readlink(f"/proc/{pid}/exe").startswith("/memfd:varve-runtime")
    os.close(program)


def test_console(runtime, bundle, place):
    bundle.process |= {"terminal": True, "consoleSize": {"height": 20, "width": 70}}
    bundle.shell("tty; stty size; test -t 0 && echo typed: $(head -n1); echo seen >/dev/console")
    with console(place) as (path, master):
        runtime.create(bundle, "box", "--console-socket", path)
        descriptor = master()
    runtime("start", "box")
    said = b""
    while b"20 70\r\n" not in said:     # else the echo of what is typed comes between
        said += os.read(descriptor, 4096)
    os.write(descriptor, b"word\n")
    lines = (said.decode().replace("\r\n", "\n") + read_all(descriptor)).splitlines()
    assert [line for line in lines if line != "word"] == ["/dev/pts/0", "20 70", "typed: word", "seen"]


def test_console_of_exec(runtime, bundle, place):
    runtime.run(bundle, "-d")
    with console(place) as (path, master):
        runtime("exec", "--tty", "--detach", "--console-socket", path, "box", "tty")
        assert read_all(master()) == "/dev/pts/0\n"


def test_console_where_there_is_none(runtime, bundle, place):
    bundle.process["terminal"] = True
    bundle.write()
    runtime.fails("create", "--bundle", bundle.folder, "box", saying="console")
    bundle.process["terminal"] = False
    with console(place) as (path, _):
        bundle.write()
        runtime.fails("create", "--bundle", bundle.folder, "--console-socket", path, "box", saying="console")


def patience(runtime):
    """What makes a script wait for its terminal's size: runc starts the command before it sets that."""
    return "" if runtime.name == "varve-runtime" else "until stty size | grep -q 31; do sleep 0.1; done; "


def test_run_on_this_terminal(runtime, bundle):
    """Raw, with its size, and its end is the command's."""
    bundle.process["terminal"] = True
    bundle.shell(f"{patience(runtime)}stty size; read line; echo got $line; exit 6")
    bundle.write()
    runtime.used.add("box")
    child = pexpect.spawn(runtime.command[0], [*runtime.command[1:], "run", "--bundle", str(bundle.folder), "box"], dimensions=(31, 97), timeout=20)
    child.expect_exact("31 97")
    child.sendline("words")
    child.expect_exact("got words")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 6


def test_exec_on_this_terminal(runtime, bundle):
    runtime.run(bundle, "-d")
    words = ["exec", "--tty", "box", "sh", "-c", f"{patience(runtime)}stty size; exit 7"]
    child = pexpect.spawn(runtime.command[0], [*runtime.command[1:], *words], dimensions=(31, 97), timeout=20)
    child.expect_exact("31 97")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 7


def test_features(ours):
    """Each namespace, hook and mount option that the runtime says it knows."""
    features = json.loads(ours("features").out)
    assert features["ociVersionMin"] == "1.0.0" and len(features["hooks"]) == 6
    linux = features["linux"]
    assert linux["cgroup"]["v1"] and linux["cgroup"]["v2"] and not linux["cgroup"]["systemd"]
    assert linux["seccomp"]["enabled"] and "user" in linux["namespaces"] and not linux["intelRdt"]["enabled"]
    assert {"CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"} <= set(linux["capabilities"])
    assert {"rbind", "ro", "rslave", "tmpcopyup", "rro"} <= set(features["mountOptions"])


def test_spec_can_be_run(runtime, bundle):
    runtime("spec", cwd=bundle.folder)
    runtime.fails("spec", "--bundle", bundle.folder, saying="exist")
    spec = json.loads((bundle.folder / "config.json").read_text())
    assert spec["process"]["args"] == ["sh"] and spec["process"]["terminal"] and spec["root"]["readonly"]
    bundle.spec.update(spec)
    bundle.spec["process"] |= {"terminal": False, "args": ["hostname"]}
    assert runtime.run(bundle).out == f"{spec['hostname']}\n"


def test_usage(ours, bundle):
    assert ours("--version").out.startswith("varve-runtime version ")
    assert "create" in ours("--help").out and "usage:" in ours("create", "--help").out
    for words, reason in [
        (["nosuch"], "unknown command"), (["create"], "container ID"), (["--nosuch", "list"], "not defined"),
        (["--systemd-cgroup", "list"], "cgroupfs"), (["checkpoint", "box"], "CRIU"), (["restore", "box"], "CRIU"),
        (["kill", "box", "SIGNOSUCH"], "SIGNOSUCH"), (["list", "-f", "xml"], "xml"), (["create", "--bundle", "/nosuch", "box"], "/nosuch"),
    ]:
        ours.fails(*words, saying=reason)


def test_usage_is_told(ours, bundle):
    ours.run(bundle, "-d")
    event = json.loads(ours("events", "--stats", "box").out)
    assert event["type"] == "stats" and event["id"] == "box"
    assert event["data"]["pids"]["current"] == 1 and event["data"]["memory"]["usage"]["usage"] > 0


def test_state_folder_is_roots(ours, bundle, place):
    ours.create(bundle)
    folder = place / "state-varve-runtime/box"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert str(folder) not in subprocess.run(["cat", "/proc/self/mountinfo"], capture_output=True, text=True, check=True).stdout
