"""`varve-runtime` beneath Podman and containerd, which call it as they call runc."""
import contextlib
import os
import shutil
import subprocess
import time

import pexpect
import pytest

import bundles
import engine
import leaks
from clients import ended, eventually

RUNTIME = bundles.RUNTIMES["varve-runtime"]
# A machine whose root may not raise limits can't have Podman's own.
SETTINGS = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime_supports_json = ["varve-runtime"]
"""


class Podman:
    def __init__(self, place):
        self.place = place / "podman"
        self.place.mkdir()
        (self.place / "containers.conf").write_text(SETTINGS)
        self.environment = {"CONTAINERS_CONF": str(self.place / "containers.conf")}
        self.command = [
            "podman", "--root", self.place / "root", "--runroot", self.place / "run", "--tmpdir", self.place / "tmp",
            "--storage-driver", "vfs", "--runtime", RUNTIME, "--cgroup-manager", "cgroupfs",
        ]

    def __call__(self, *words, check=True, **options):
        result = engine.run([*self.command, *words], env=self.environment, **options)
        assert not check or result.code == 0, result
        return result

    def run(self, *words, **options):
        return self("run", "--rm", "--network", "none", *words, **options)

    @contextlib.contextmanager
    def terminal(self, *words):
        child = pexpect.spawn(
            self.command[0], list(map(str, [*self.command[1:], *words])), env={**os.environ, **self.environment},
            dimensions=(33, 101), timeout=20 * engine.PATIENCE, encoding="utf-8",
        )
        try:
            yield child
        finally:
            child.close(force=True)


@pytest.fixture(scope="module")
def podman(place):
    if not shutil.which("podman") or not shutil.which("conmon"):
        pytest.skip("podman and conmon are not installed")
    made = Podman(place)
    made("import", bundles.layer(place), "busybox")
    yield made
    made("rm", "--all", "--force", "--time", "0")
    made("rmi", "--all", "--force")
    for point in leaks.mounts_below(made.place):
        subprocess.run(["umount", point], check=True)
    shutil.rmtree(made.place)


def test_podman_runs(podman):
    result = podman.run("-i", "busybox", "sh", "-c", "cat; echo err >&2; exit 9", stdin=b"typed\n", check=False)
    assert (result.code, result.out, result.err) == (9, "typed\n", "err\n"), result


def test_podman_on_a_terminal(podman):
    with podman.terminal("run", "--rm", "-it", "--network", "none", "busybox", "sh", "-c", "tty; stty size; exit 3") as child:
        said, code = ended(child)
    assert "/dev/pts/0\n33 101" in said and code == 3, said


def test_podman_in_the_background(podman):
    podman("run", "-d", "--name", "box", "--network", "none", "busybox", "sh", "-c", "echo logged; trap 'exit 7' TERM; while :; do sleep 0.1; done")
    eventually(lambda: podman("logs", "box").out == "logged\n")
    assert podman("exec", "-e", "A=1", "box", "sh", "-c", "echo $A; exit 5", check=False).code == 5
    with podman.terminal("exec", "-it", "box", "tty") as child:
        assert "/dev/pts/0" in ended(child)[0]
    podman("pause", "box")
    assert podman("inspect", "-f", "{{.State.Status}}", "box").out == "paused\n"
    podman("unpause", "box")
    assert "sleep" in podman("top", "box").out
    podman("stop", "box")
    assert podman("inspect", "-f", "{{.State.ExitCode}}", "box").out == "7\n"
    podman("start", "box")
    podman("kill", "box")
    assert podman("wait", "box").out == "137\n"
    podman("rm", "box")


@pytest.mark.parametrize("flags, script, said", [
    (["--read-only"], "touch /x 2>/dev/null || echo closed; touch /tmp/x && echo open", "closed\nopen\n"),
    (["--user", "1000:1001"], "id -u; id -g", "1000\n1001\n"),
    (["--cap-drop", "all"], "grep CapEff /proc/self/status", "CapEff:\t" + "0" * 16 + "\n"),
    (["--hostname", "harbour"], "hostname", "harbour\n"),
    (["--security-opt", "no-new-privileges"], "grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1\n"),
    (["--tmpfs", "/etc:size=1m"], "cat /etc/motd", "welcome\n"),
    (["--init"], "cat /proc/1/comm", "podman-init\n"),
    ([], "grep Seccomp: /proc/self/status", "Seccomp:\t2\n"),
    (["--sysctl", "net.ipv4.ip_forward=1"], "cat /proc/sys/net/ipv4/ip_forward", "1\n"),
])
def test_podman_flags(podman, flags, script, said):
    if "--init" in flags and not any(map(os.path.exists, ["/usr/libexec/podman/catatonit", "/usr/bin/catatonit"])):
        pytest.skip("catatonit is not installed")
    assert podman.run(*flags, "busybox", "sh", "-c", script).out == said


def test_podman_limits(podman):
    name = podman("create", "--network", "none", "--memory", "64m", "--pids-limit", "55", "busybox", "sleep", "100").out.strip()
    podman("start", name)
    path = f"libpod_parent/libpod-{name}"
    assert bundles.limit(path, "memory") == 64 << 20 and bundles.limit(path, "pids") == 55
    podman("rm", "--force", "--time", "0", name)
    assert bundles.groups(path) == []


def test_podman_shares_namespaces(podman):
    podman("run", "-d", "--name", "first", "--network", "none", "busybox", "sleep", "100")
    shared = ["--pid", "container:first", "--network", "container:first", "--ipc", "container:first"]
    assert podman("run", "--rm", *shared, "busybox", "cat", "/proc/1/comm").out == "sleep\n"
    podman("rm", "--force", "--time", "0", "first")


@pytest.mark.parametrize("command, code", [(["nosuch"], 127), (["/etc/motd"], 126)])
def test_podman_hears_why(podman, command, code):
    result = podman.run("busybox", *command, check=False)
    assert result.code == code and command[0] in result.err, result


def test_podman_hooks(podman, place):
    """Of a folder of hooks, as GPU vendors install them."""
    folder = place / "hooks.d"
    folder.mkdir(exist_ok=True)
    (folder / "hook.json").write_text(
        '{"version": "1.0.0", "hook": {"path": "/bin/sh", "args": ["sh", "-c", "cat >%s/hooked"]},'
        ' "when": {"always": true}, "stages": ["prestart"]}' % place
    )
    podman("--hooks-dir", folder, "run", "--rm", "--network", "none", "busybox", "true")
    assert '"creating"' in (place / "hooked").read_text()


# What it needs of a machine is switched off: no mounts, no network, nothing of a system's containerd.
CONTAINERD = """
version = 2
root = "{0}/root"
state = "{0}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]
[grpc]
address = "{0}/c.sock"
[ttrpc]
address = "{0}/t.sock"
"""


@pytest.fixture(scope="module")
def ctr(place):
    if not shutil.which("containerd") or not shutil.which("ctr"):
        pytest.skip("containerd is not installed")
    folder = place / "containerd"
    folder.mkdir()
    (folder / "config.toml").write_text(CONTAINERD.format(folder))
    with open(folder / "log", "w") as log:
        daemon = subprocess.Popen(["containerd", "-c", folder / "config.toml"], stdout=log, stderr=log)

    def call(*words, check=True, **options):
        result = engine.run(["ctr", "-a", folder / "c.sock", *words], **options)
        assert not check or result.code == 0, result
        return result

    try:
        eventually(lambda: (folder / "c.sock").exists() and call("version", check=False).code == 0, 30, "containerd to serve")
        yield call
    finally:
        daemon.terminate()
        daemon.wait(30)
        time.sleep(0.2)
        for point in leaks.mounts_below(folder):
            subprocess.run(["umount", point], check=True)


def test_containerd(ctr, place):
    tree = bundles.Bundle(place / "containerd-bundle", bundles.layer(place)).tree
    run = ["run", "--runc-binary", RUNTIME, "--rootfs"]
    result = ctr(*run[:1], "--rm", *run[1:], tree, "first", "sh", "-c", "echo out; exit 4", check=False)
    assert (result.code, result.out) == (4, "out\n"), result
    assert "executable file not found" in ctr(*run[:1], "--rm", *run[1:], tree, "bad", "nosuch", check=False).err
    ctr(*run[:1], "-d", *run[1:], tree, "second", "sleep", "100")
    result = ctr("task", "exec", "--exec-id", "e1", "second", "sh", "-c", "echo in; exit 5", check=False)
    assert (result.code, result.out) == (5, "in\n"), result
    ctr("task", "pause", "second")
    assert "PAUSED" in ctr("task", "ls").out
    ctr("task", "resume", "second")
    ctr("task", "kill", "-s", "KILL", "second")
    eventually(lambda: "STOPPED" in ctr("task", "ls").out)
    ctr("task", "rm", "second", check=False)    # says how it ended with its own status
    ctr("container", "rm", "second")
    assert "second" not in ctr("task", "ls").out + ctr("container", "ls").out
