"""Containers on a terminal: `-it`, its size, its keys and its exit status."""
import json
import socket
import time

import clients

ONE_DRIVER = True


def test_whole_picture(cli):
    """A terminal of its own, root with Docker's capabilities, and its mounts."""
    with cli.terminal("run", "--rm", "-it", "busybox", "sh", "-c", "tty; id; cat /proc/1/status; mount") as child:
        said, status = clients.ended(child)
    assert status == 0, said
    assert "/dev/pts/0\n" in said and "uid=0(root)" in said and "CapBnd:\t00000000a80425fb" in said
    assert "proc on /proc type proc" in said and "devpts on /dev/console" in said and " on / type " in said


def test_talking_to_a_shell(cli):
    with cli.terminal("run", "--rm", "-it", "busybox", "sh") as child:
        child.expect("/ # ")
        child.sendline("expr 6 '*' 7")
        child.expect("\r\n42\r\n")
        child.expect("/ # ")
        child.sendline("exit 5")
        assert clients.ended(child)[1] == 5
    assert cli("ps", "-aq").out == ""


def test_size_and_its_change(cli):
    with cli.terminal("run", "--rm", "-it", "busybox", "sh", rows=33, columns=101) as child:
        child.expect("/ # ")
        child.sendline("until stty size | grep -q 33.101; do sleep 0.1; done; stty size")
        child.expect("33 101")
        child.setwinsize(40, 120)
        child.sendline("until stty size | grep '^40'; do sleep 0.1; done")
        child.expect("40 120")
        child.sendline("exit")
        assert clients.ended(child)[1] == 0


def test_interrupt_key(cli):
    """Control-C goes to the program on the terminal, not to the client."""
    with cli.terminal("run", "--rm", "-it", "busybox", "sh") as child:
        child.expect("/ # ")
        child.sendline("echo start; sleep 60; echo after=$?")
        child.expect("\r\nstart")
        time.sleep(0.5)  # until `sleep` has the terminal: a shell drops what comes while it starts a program
        child.sendcontrol("c")
        child.expect("/ # ")
        child.sendline("exit 0")
        assert clients.ended(child)[1] == 0


def test_detach_keys_leave_it_running(cli):
    with cli.terminal("run", "--name", "term", "-it", "busybox", "sh") as child:
        child.expect("/ # ")
        child.sendcontrol("p")
        child.sendcontrol("q")
        clients.ended(child)
    assert cli.daemon.inspect("term", "{{.State.Running}}") is True
    with cli.terminal("attach", "term") as child:
        child.sendline("echo again-$((40+2))")
        child.expect("again-42")
        child.sendline("exit 4")
        assert clients.ended(child)[1] == 4


def test_exec_on_a_terminal(cli):
    cli("run", "-d", "--name", "ct", "busybox", "sleep", "100")
    with cli.terminal("exec", "-it", "ct", "sh", rows=30, columns=90) as child:
        child.expect("/ # ")
        child.sendline("until stty size | grep -q 30.90; do sleep 0.1; done; tty; stty size; echo $TERM")
        child.expect(r"/dev/pts/\d+\r\n30 90\r\nxterm")
        child.sendline("exit 6")
        assert clients.ended(child)[1] == 6


def test_log_of_a_terminal(cli):
    with cli.terminal("run", "--name", "term", "-it", "busybox", "echo", "hello") as child:
        clients.ended(child)
    assert cli("logs", "term").out == "hello\r\n"


def test_terminal_needs_a_terminal(cli):
    """-t without a terminal is refused by the client, as Docker does, before anything is made."""
    result = cli("run", "--rm", "-it", "busybox", "true", check=False, stdin=b"")
    assert result.code == 1 and "not a TTY" in result.err, result


class Raw:
    """A connection that has become a process's streams."""

    def __init__(self, daemon, path, body=None):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(daemon.socket))
        text = json.dumps(body) if body is not None else ""
        self.sock.sendall((f"POST {path} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                           f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}").encode())
        self.head = self.until(b"\r\n\r\n")

    def until(self, end):
        seen = b""
        while not seen.endswith(end):
            piece = self.sock.recv(1)
            assert piece, seen
            seen += piece
        return seen

    def rest(self):
        seen = b""
        while piece := self.sock.recv(65536):
            seen += piece
        self.sock.close()
        return seen


def actions(daemon, since):
    lines = daemon.docker("events", "--since", f"{since:.6f}", "--until", f"{time.time():.6f}", "--format", "{{.Action}}").lines
    return [line for line in lines if "detach" in line]


def test_detach_keys_of_a_client_that_knows_none(engine):
    """The daemon sees to them too: its stream ends, the process goes on, and what was typed before has come to it."""
    began = time.time()
    engine.docker("run", "-dit", "--name", "box", "--network", "none", "busybox", "sh", "-c", "stty raw -echo; echo ready; exec cat")
    for keys, typed, passed in [("", b"ab\x10c\n\x10\x11lost\n", b"ab\x10c\n"), ("ctrl-x,y", b"\x10\x11\n\x18yz\n", b"\x10\x11\n")]:
        raw = Raw(engine, f"/containers/box/attach?stream=1&stdin=1&stdout=1&detachKeys={keys}")
        assert b" 101 " in raw.head, raw.head
        if not keys:
            clients.eventually(lambda: "ready" in engine.docker("logs", "box").out)
        raw.sock.sendall(typed[:3])
        time.sleep(0.05)
        raw.sock.sendall(typed[3:])
        raw.rest()
        clients.eventually(lambda: passed.decode() in engine.docker("logs", "box").out, what=f"{passed} in the log")
        assert engine.inspect("box", "{{.State.Running}}") is True
    clients.eventually(lambda: actions(engine, began) == ["detach", "detach"])
    assert engine.docker("logs", "box").out == "ready\nab\x10c\n\x10\x11\n"
    assert engine.api("POST", "/containers/box/attach?stream=1&detachKeys=nokey")[0] == 400

    identity = json.loads(engine.api("POST", "/containers/box/exec", {"Cmd": ["cat"], "Tty": True, "AttachStdin": True, "AttachStdout": True, "DetachKeys": "q"})[1])["Id"]
    raw = Raw(engine, f"/exec/{identity}/start", {"Detach": False, "Tty": True})
    raw.sock.sendall(b"echo\rq")
    raw.rest()
    assert json.loads(engine.api("GET", f"/exec/{identity}/json")[1])["Running"] is True
    clients.eventually(lambda: actions(engine, began) == ["detach", "detach", "exec_detach"])
