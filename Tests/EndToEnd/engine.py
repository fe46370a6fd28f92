"""A daemon under test, on a data root of its own, and the clients that speak to it."""
import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import leaks

BIN = pathlib.Path(os.environ.get("VARVE_BIN", pathlib.Path(__file__).resolve().parents[2] / ".build/release"))

# VARVE_E2E_RUNTIME=runc: containers are made by that runtime, where a test names no other.
OF_RUNTIME = [word for name in [os.environ.get("VARVE_E2E_RUNTIME")] if name for word in ("--default-runtime", name)]

# In a virtual machine, all may take so many times as long.
PATIENCE = float(os.environ.get("VARVE_PATIENCE", "1"))


@dataclasses.dataclass
class Result:
    """What a client said, and how it ended."""

    code: int
    out: str
    err: str
    argv: list

    @property
    def both(self):
        return self.out + self.err

    @property
    def lines(self):
        return self.out.splitlines()

    def __str__(self):
        return f"{' '.join(map(str, self.argv))}\nexit status {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path, timeout=5):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def run(argv, env=None, stdin=None, timeout=60, stdout=subprocess.PIPE):
    """Runs a command to its end; past `timeout` seconds it is killed, and the test fails."""
    given = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
    done = subprocess.run(
        [str(a) if not isinstance(a, bytes) else a for a in argv],
        env={**os.environ, **(env or {})}, stdout=stdout, stderr=subprocess.PIPE, timeout=timeout * PATIENCE, **given,
    )
    decode = lambda data: (data or b"").decode("utf-8", "surrogateescape")
    return Result(done.returncode, decode(done.stdout), decode(done.stderr), list(argv))


class Daemon:
    """varved on folders of its own below `place`; `disk` is where its data root lies."""

    def __init__(self, name, place, disk, driver, arguments=(), data_root=None, config=None):
        self.name, self.driver, self.arguments = name, driver, list(arguments)
        self.place = place / name
        self.place.mkdir()
        self.data_root = data_root or disk / name
        # Else there may be another daemon's containers in it.
        self.owns_data_root = data_root is None
        self.exec_root, self.socket = self.place / "run", self.place / "s"
        self.pidfile, self.logfile = self.place / "pid", self.place / "log"
        self.config = self.place / "daemon.json"
        self.config.write_text(json.dumps(config or {}))
        self.process = None

    @property
    def host(self):
        return f"unix://{self.socket}"

    def argv(self):
        return [
            str(BIN / "varved"), "-s", self.driver, "--data-root", str(self.data_root), "--exec-root", str(self.exec_root),
            "--pidfile", str(self.pidfile), "--config-file", str(self.config), "-H", self.host,
            "--cgroup-parent", f"/{self.name}", *self.networks_by_plugins(), *OF_RUNTIME, *self.arguments,
        ]

    def networks_by_plugins(self):
        """None of the machine's, unless a test says where they are."""
        return [] if "cni-conf-dir" in self.config.read_text() else ["--cni-conf-dir", str(self.place / "cni")]

    def start(self, timeout=20):
        """Starts it and waits until it answers."""
        timeout *= PATIENCE
        with open(self.logfile, "ab") as log:
            self.process = subprocess.Popen(
                self.argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode} at its start\n{self.tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.api("GET", "/_ping", timeout=1)[0] == 200:
                    return self
            time.sleep(0.01)
        raise AssertionError(f"{self.name} did not answer within {timeout} s\n{self.tail()}")

    def stop(self, timeout=20):
        """Asks it to end; it has to end well, and in time: it is killed else."""
        timeout *= PATIENCE
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout) if self.process else 0
        except subprocess.TimeoutExpired as error:
            self.kill9()
            raise AssertionError(f"{self.name} did not end within {timeout} s of SIGTERM\n{self.tail()}") from error
        self.process = None
        assert code == 0, f"{self.name} ended with {code} after SIGTERM\n{self.tail()}"

    def kill9(self):
        """What a crash does: no instruction of the daemon runs any more."""
        self.process.kill()
        self.process.wait(10 * PATIENCE)
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def tail(self, lines=40):
        if not self.logfile.exists():
            return "(no log)"
        ended = "" if self.process is None or self.running else f", which ended with {self.process.returncode}"
        log = self.logfile.read_text(errors="replace").splitlines()[-lines:]
        # Of a crash, or of who was killed for want of memory, the kernel tells, too.
        told = [line for line in run(["dmesg"]).lines if "varved[" in line or "(varved)" in line][-5:] if ended else []
        return "\n".join([f"--- log of {self.name}{ended}", *log, *told])

    def api(self, method, path, body=None, timeout=30):
        """One request; gives status and body."""
        connection = UnixConnection(self.socket, timeout * PATIENCE)
        with contextlib.closing(connection):
            headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return response.status, response.read()

    def client(self, argv, check=True, **options):
        result = run(argv, env={"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0", "DOCKER_CONFIG": str(self.place)}, **options)
        assert not check or result.code == 0, str(result)
        return result

    def docker(self, *args, **options):
        """The stock command."""
        return self.client(["docker", *args], **options)

    def varve(self, *args, **options):
        """Varve's own command."""
        return self.client([BIN / "varve", *args], **options)

    def spawn(self, *args, command="docker", **options):
        """The stock command in the background, with pipes."""
        environment = {**os.environ, "DOCKER_HOST": self.host, "DOCKER_CONFIG": str(self.place)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([str(command), *map(str, args)], env=environment, **pipes)

    def inspect(self, name, form="{{json .}}"):
        return json.loads(self.docker("inspect", "-f", form, name).out)

    def image_ids(self):
        return set(self.docker("images", "-aq", "--no-trunc").lines)

    def remove_containers(self):
        """Every container ends, and its monitor with it."""
        names = self.docker("ps", "-aq", "--no-trunc").lines
        if names:
            self.docker("rm", "-f", *names)

    def tear_down(self):
        """Through the API first; what is then still there is a leak: it is ended, and it fails the test."""
        try:
            if self.running:
                self.remove_containers()
                self.stop()
        finally:
            if self.running:
                self.kill9()
            found = leaks.of(self)
            leaks.end(self)
        leaks.remove_groups(self)
        assert not found, f"{self.name} left behind:\n" + "\n".join(found) + "\n" + self.tail()
