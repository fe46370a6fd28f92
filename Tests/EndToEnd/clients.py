"""The two commands that people type: the stock `docker` and Varve's own, with the same verbs and flags."""
import contextlib
import os
import time

import pexpect

import engine


class Client:
    """A command bound to a daemon."""

    def __init__(self, daemon, name):
        self.daemon, self.name = daemon, name
        self.command = "docker" if name == "docker" else str(engine.BIN / "varve")

    def __call__(self, *args, **options):
        """Runs it to its end; exit status 0 is expected unless `check=False`."""
        return self.daemon.client([self.command, *args], **options)

    def spawn(self, *args, **options):
        """Runs it in the background, with pipes."""
        return self.daemon.spawn(*args, command=self.command, **options)

    @contextlib.contextmanager
    def terminal(self, *args, rows=33, columns=101):
        """Runs it on a terminal of that size."""
        environment = {**os.environ, "DOCKER_HOST": self.daemon.host, "DOCKER_CONFIG": str(self.daemon.place), "TERM": "xterm"}
        child = pexpect.spawn(
            self.command, list(map(str, args)), env=environment, dimensions=(rows, columns), timeout=15 * engine.PATIENCE, encoding="utf-8"
        )
        try:
            yield child
        finally:
            child.close(force=True)


def ended(child):
    """Waits for the end of a command on a terminal; gives what it still said, and its exit status."""
    said = child.read().replace("\r\n", "\n")
    child.close()
    return said, child.exitstatus


def eventually(condition, timeout=10, what="the condition"):
    """Waits until `condition()` is true, and gives its value."""
    deadline = time.monotonic() + timeout * engine.PATIENCE
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true within {timeout} s")
