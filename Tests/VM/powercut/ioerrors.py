"""A disk that fails while the daemon loads an image: a clean error, and nothing half-made, then or later.

The disk answers each write with an error, as one does whose cable is loose, or a thin pool that is full. The daemon may or may not be told (data may be written back after it answered), but what it
lists when the disk works again must be whole, even without a new boot.
"""
import contextlib
import subprocess
import time

import audit
import disk
import disk_server
import record
import workload


class Trial:
    """Disks on which loading an image meets errors some time after its start."""

    def __init__(self, place, driver, kind, options):
        self.place, self.driver, self.kind, self.options = place, driver, kind, options
        self.ended, self.problems, self.tail, self.is_inside = "", [], "", False
        self.first = workload.Image("first:1", place, 1, 2)
        self.second = workload.Image("second:1", place, 2, 3, base=self.first.layers[:1])

    def run(self, number, delay):
        """Gives how the load ended, what is wrong, and the end of the last daemon's log."""
        self.ended, self.problems, self.tail, self.is_inside = "load was not tried", [], "", False
        with disk_server.served(self.place, record.SIZE) as served:
            with self.caught():
                disk.make(self.kind, served.device)
                self.hurt(number, served, delay)
            served.repair()
            with self.caught():
                self.heal(number, served)
        return self.ended, self.problems, self.tail if self.problems else ""

    @contextlib.contextmanager
    def caught(self):
        """What goes wrong there is a problem of this trial, and the next one is made all the same."""
        try:
            yield
        except audit.ERRORS as error:
            self.problems.append(f"{type(error).__name__}: {error}")

    def promises(self):
        return {"images": {self.first.id: [self.first.name]}, "containers": [], "wrote": {}, "gone": []}

    @contextlib.contextmanager
    def daemon(self, name, served):
        """A daemon on the disk; it ends, also where the disk fails, and leaves nothing but what can't be deleted there."""
        with disk.mounted(served.device, self.place / "disk", self.kind, record.MOUNT[self.kind]) as folder:
            daemon = record.Daemon(name, self.place, folder, self.driver, self.options)
            try:
                yield daemon
            finally:
                left = audit.end(daemon)
                self.problems += [line for line in left if served.works or not line.startswith("left behind: temporary")]
                self.tail = daemon.tail(30)

    def load(self, daemon):
        """The first image is loaded, and on the disk; now the second one."""
        daemon.start(60).varve("load", "-i", self.first.path)
        disk.run("sync", "-f", daemon.data_root)
        return daemon.spawn("load", "-i", self.second.path, command=str(daemon.varve_program))

    def measure(self):
        """How many seconds a load takes where nothing fails."""
        with disk_server.served(self.place, record.SIZE) as served:
            disk.make(self.kind, served.device)
            with self.daemon("measured", served) as daemon:
                child = self.load(daemon)
                began = time.monotonic()
                said = child.communicate(timeout=120)
                if child.returncode:
                    raise RuntimeError(f"the load failed on a healthy disk: {said}")
                return time.monotonic() - began

    def hurt(self, number, served, delay):
        """Loads one image on the healthy disk, the other one on the failing."""
        with self.daemon(f"hurt{number}", served) as daemon:
            child = self.load(daemon)
            time.sleep(delay)
            served.fail()
            self.is_inside = child.poll() is None
            self.finish(child)
            disk.run("sync", "-f", daemon.data_root, check=False)
            if not daemon.running:
                self.problems.append("the daemon ended")
            elif daemon.api("GET", "/images/json", timeout=60)[0] != 200:
                self.problems.append("the daemon does not list images any more")

    def heal(self, number, served):
        """The next daemon on the disk, which works again."""
        with self.daemon(f"healed{number}", served) as daemon:
            found = audit.Audit(daemon, self.promises(), self.first.path)
            try:
                found.whole()
            finally:
                self.problems += found.problems

    def finish(self, child):
        """Notes how the load ended; that it does so in silence, or not at all, is a problem."""
        try:
            out, err = child.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            self.ended = "load did not end within 120 s"
            self.problems.append(self.ended)
            return
        self.ended = f"load ended with {child.returncode}"
        if child.returncode and not err.strip():
            self.problems.append(f"load failed without a word: {out!r}")


def trials(place, driver, kind, options, count):
    """Errors at several moments of a load; gives how many showed a problem."""
    trial, bad, inside = Trial(place, driver, kind, options), 0, 0
    try:
        length = trial.measure()
    except audit.ERRORS as error:
        print(f"BAD  load where nothing fails: {type(error).__name__}: {error}", flush=True)
        return 1
    for number in range(count):
        delay = length * (number + 1) / (count + 1)
        ended, problems, tail = trial.run(number, delay)
        print(f"{'BAD ' if problems else 'ok  '} write errors {delay:.2f} s after load began, which takes {length:.2f} s: {ended}", flush=True)
        for problem in problems:
            print(f"      {problem}")
        print("".join(f"      | {line}\n" for line in tail.splitlines()), end="", flush=True)
        bad += bool(problems)
        inside += trial.is_inside
    if not inside:
        print(f"BAD  each of {count} loads had ended before the disk failed", flush=True)
    return bad + (not inside)
