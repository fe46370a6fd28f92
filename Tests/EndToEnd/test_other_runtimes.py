"""Containers whose processes runc or crun makes, in the place of Varve's own launcher."""
import os
import pathlib

import pytest

import clients
import engine as engines
from attacker import driver  # noqa: F401 fixture
from runtimes import children, parent, run  # noqa: F401 fixture


class TestRun:
    def test_output_and_code(self, run):
        done = run("--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7", check=False)
        assert (done.code, done.out, done.err) == (7, "out\n", "err\n")

    def test_input(self, run):
        done = run("--rm", "-i", "busybox", "sh", "-c", "tr a-z A-Z", stdin=b"hello\n" * 20000)
        assert done.out == "HELLO\n" * 20000

    def test_input_is_empty(self, run):
        """It is the container's own null device, not the host's."""
        assert run("--rm", "busybox", "sh", "-c", "cat; stat -L -c %t:%T /proc/self/fd/0; test $(stat -L -c %d /proc/self/fd/0) = $(stat -c %d /dev) && echo own").out == "1:3\nown\n"

    def test_input_of_an_exec_is_empty(self, run):
        """And not the host's null device, which would be the user's."""
        before = os.stat("/dev/null")
        run.box("--user", "1000")
        said = run.engine.docker("exec", "--user", "1000", "box", "sh", "-c", "cat; stat -L -c %F /proc/self/fd/0")
        assert said.out == "fifo\n"
        after = os.stat("/dev/null")
        assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)

    def test_who_made_it(self, run):
        run.box()
        assert run.engine.inspect("box", "{{json .HostConfig.Runtime}}") == run.runtime
        folder = run.engine.exec_root / run.engine.inspect("box", "{{json .Id}}")
        assert list((folder / "runtime").iterdir()), "its state is in the container's folder"

    @pytest.mark.parametrize("command, code, words", [
        ("nosuch", 127, "not found"), ("/etc/nosuch", 127, "no such file"), ("/etc/passwd", 126, "permission denied"), ("/etc", 126, ""),
    ])
    def test_what_cannot_be_run(self, run, command, code, words):
        if (run.runtime, command) == ("crun", "/etc"):
            code = 125      # `Operation not permitted` is all that it says
        done = run("--rm", "busybox", command, check=False)
        assert done.code == code and "OCI runtime create failed" in done.err and words in done.err.lower(), str(done)

    def test_terminal(self, run):
        with clients.Client(run.engine, "docker").terminal("run", "--rm", "-it", "--runtime", run.runtime, "busybox", "sh", rows=33, columns=101) as child:
            child.expect("/ # ")
            child.sendline("tty; until stty size | grep -q 33.101; do sleep 0.1; done; stty size")
            child.expect("/dev/pts/0\r\n")
            child.expect("33 101")
            child.setwinsize(40, 120)
            child.sendline("until stty size | grep '^40'; do sleep 0.1; done")
            child.expect("40 120")
            child.sendline("exit 5")
            assert clients.ended(child)[1] == 5

    def test_users(self, run):
        """By name and by number, with groups, home and folder of their own."""
        script = "id -u; id -g; id -G; echo $HOME; pwd; umask"
        said = run("--rm", "--user", "1000:1001", "--group-add", "audio", "--group-add", "5000", "-w", "/new/folder", "busybox", "sh", "-c", script, check=False)
        ours = run.engine.docker("run", "--rm", "--user", "1000:1001", "--group-add", "audio", "--group-add", "5000", "-w", "/new/folder", "busybox", "sh", "-c", script, check=False)
        assert (said.code, said.out) == (ours.code, ours.out)
        assert run("--rm", "--user", "1000:1001", "--group-add", "5000", "-w", "/new/folder", "busybox", "sh", "-c", script).lines == ["1000", "1001", "1001 5000", "/home/user", "/new/folder", "0022"]
        assert "unable to find user nobody-such" in run("--rm", "--user", "nobody-such", "busybox", "true", check=False).err

    def test_files(self, run, tmp_path):
        """Bind mounts, a volume with a part of it, tmpfs, another container's shared memory, a small init, names."""
        (tmp_path / "below").mkdir()
        (tmp_path / "file").write_text("text")
        docker = run.engine.docker
        docker("run", "--rm", "-v", "vol:/v", "busybox", "sh", "-c", "mkdir /v/part; echo in part >/v/part/file")
        run("-d", "--name", "one", "--ipc", "shareable", "--shm-size", "3m", "busybox", "sh", "-c", "echo shared >/dev/shm/x; exec sleep 600")
        script = "cat /b/file /p/file; echo x >/b/below/new; echo x >/r/new; df -k /t /dev/shm | awk 'NR>1{print $2}'; cat /dev/shm/x; tr '\\0' ' ' </proc/1/cmdline; hostname; dnsdomainname -d 2>/dev/null; cat /proc/sys/kernel/domainname"
        done = run(
            "--rm", "-v", f"{tmp_path}:/b", "-v", f"{tmp_path}:/r:ro", "--mount", "type=volume,src=vol,dst=/p,volume-subpath=part", "--tmpfs", "/t:size=1m", "--ipc", "container:one",
            "--init", "--hostname", "me", "--domainname", "example", "busybox", "sh", "-c", script, check=False,
        )
        assert done.lines[:5] == ["textin part", "1024", "3072", "shared"] + done.lines[4:5], str(done)
        assert done.lines[4].startswith("/sbin/docker-init -- sh") and "me" in done.lines[4] + done.lines[5] and done.lines[-1] == "example"
        assert "Read-only file system" in done.err and (tmp_path / "below/new").read_text() == "x\n"

    def test_domain_and_sysctls(self, run):
        assert run("--rm", "--sysctl", "net.ipv4.ip_forward=1", "busybox", "cat", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/ping_group_range").out.split() == ["1", "0", "2147483647"]

    def test_annotations_and_remains(self, run):
        """Nothing is left in the exec root, nor of control groups, when a container has ended."""
        run("--name", "box", "busybox", "true")
        clients.eventually(lambda: not (run.engine.exec_root / run.engine.inspect("box", "{{json .Id}}")).exists())
        folders = [path for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/{run.engine.name}/*") if path.is_dir()]
        assert not folders
        assert run.engine.docker("start", "-a", "box").code == 0


class TestExec:
    def test_plain(self, run):
        run.box("-e", "A=b", "-w", "/tmp")
        done = run.engine.docker("exec", "box", "sh", "-c", "echo $A; pwd; echo err >&2; exit 9", check=False)
        assert (done.code, done.out, done.err) == (9, "b\n/tmp\n", "err\n")

    def test_input_and_much_output(self, run):
        run.box()
        assert run.engine.docker("exec", "-i", "box", "cat", stdin=b"x" * 3_000_000).out == "x" * 3_000_000

    def test_user_and_groups(self, run):
        run.box("--group-add", "5000")
        assert run.engine.docker("exec", "--user", "12:34", "box", "sh", "-c", "id -u; id -G").lines == ["12", "34 5000"]

    def test_terminal(self, run):
        run.box()
        with clients.Client(run.engine, "docker").terminal("exec", "-it", "box", "sh", rows=33, columns=101) as child:
            child.expect("/ # ")
            child.sendline("until stty size | grep -q 33.101; do sleep 0.1; done; echo size $(stty size)")
            child.expect("size 33 101")
            child.sendline("exit 4")
            assert clients.ended(child)[1] == 4

    def test_detached(self, run):
        run.box()
        run.engine.docker("exec", "-d", "box", "sh", "-c", "echo there >/there")
        clients.eventually(lambda: run.engine.docker("exec", "box", "cat", "/there", check=False).out == "there\n")

    @pytest.mark.parametrize("command, code, words", [("nosuch", 127, "not found"), ("/etc/passwd", 126, "permission denied")])
    def test_what_cannot_be_run(self, run, command, code, words):
        run.box()
        done = run.engine.docker("exec", "box", command, check=False)
        assert done.code == code and words in done.both.lower() and done.both.count("unable to start container process") == 1, str(done)

    def test_ends_with_its_container(self, run):
        run.box()
        pid = run.engine.inspect("box", "{{json .State.Pid}}")
        with run.engine.spawn("exec", "box", "sleep", "600") as waits:
            clients.eventually(lambda: "sleep 600" in run.engine.docker("top", "box").out.split("sleep 600", 1)[-1])
            run.engine.docker("kill", "box")
            assert waits.wait(10 * engines.PATIENCE) == 137
        assert not os.path.exists(f"/proc/{pid}")

    def test_leaves_no_zombies(self, run):
        """Whatever the runtime leaves behind is the monitor's to collect."""
        run.box("--pid", "host")
        for _ in range(5):
            run.engine.docker("exec", "box", "sh", "-c", "(sleep 0.1 &) ; true")
        monitor = parent(run.engine.inspect("box", "{{json .State.Pid}}"))
        clients.eventually(lambda: children(monitor) == [run.engine.inspect("box", "{{json .State.Pid}}")])
