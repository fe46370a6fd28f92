"""A disk that fails while the daemon loads an image: a clean error, and nothing half-made, then or later.

The disk answers each write with an error, as one does whose cable is loose, or a thin pool that is full. The daemon may or may not be told (data may be written back after it answered), but what it
lists when the disk works again must be whole, even without a new boot.
"""
import time

import audit
import disk
import disk_server
import record
import workload


class Trial:
    """One disk on which loading an image meets errors `delay` seconds after its start."""

    def __init__(self, place, driver, kind, options):
        self.place, self.driver, self.kind, self.options = place, driver, kind, options
        self.first = workload.Image("first:1", place, 1, 2)
        self.second = workload.Image("second:1", place, 2, 3, base=self.first.layers[:1])

    def run(self, number, delay):
        """Gives how the load ended, and what is wrong."""
        with disk_server.served(self.place, record.SIZE) as served:
            disk.make(self.kind, served.device)
            ended, problems = self.hurt(number, served, delay)
            served.repair()
            with disk.mounted(served.device, self.place / "disk", self.kind, record.MOUNT[self.kind]) as folder:
                daemon = record.Daemon(f"healed{number}", self.place, folder, self.driver, self.options)
                found = audit.Audit(daemon, self.promises(), self.first.path)
                try:
                    found.whole()
                except (AssertionError, OSError, ValueError) as error:
                    found.problems.append(f"{type(error).__name__}: {error}")
                finally:
                    left = audit.end(daemon)
                problems += found.problems + left
        return ended, problems, daemon.tail(30) if problems else ""

    def promises(self):
        return {"images": {self.first.id: [self.first.name]}, "containers": [], "wrote": {}, "gone": []}

    def hurt(self, number, served, delay):
        """Loads one image on the healthy disk, the other one on the failing."""
        with disk.mounted(served.device, self.place / "disk", self.kind, record.MOUNT[self.kind]) as folder:
            daemon = record.Daemon(f"hurt{number}", self.place, folder, self.driver, self.options).start(60)
            problems = []
            try:
                daemon.varve("load", "-i", self.first.path)
                disk.run("sync", "-f", folder)
                child = daemon.spawn("load", "-i", self.second.path, command=str(daemon.varve_program))
                time.sleep(delay)
                served.fail()
                out, err = child.communicate(timeout=120)
                disk.run("sync", "-f", folder, check=False)
                ended = f"load ended with {child.returncode}"
                if child.returncode and not err.strip():
                    problems.append(f"load failed without a word: {out!r}")
                if not daemon.running:
                    problems.append("the daemon ended")
                elif daemon.api("GET", "/images/json", timeout=60)[0] != 200:
                    problems.append("the daemon does not list images any more")
            finally:
                problems += self.stopped(daemon)
            return ended, problems

    @staticmethod
    def stopped(daemon):
        """The daemon ends on a disk that fails, whatever it could not write."""
        try:
            daemon.stop(60)
            return []
        except AssertionError as error:
            return [str(error)]
        finally:
            audit.end(daemon)


def trials(place, driver, kind, options, count):
    """Errors at several moments of a load; gives how many showed a problem."""
    trial, bad = Trial(place, driver, kind, options), 0
    for number in range(count):
        delay = 0.15 * number
        ended, problems, tail = trial.run(number, delay)
        print(f"{'BAD ' if problems else 'ok  '} write errors {delay:.2f} s after load began: {ended}", flush=True)
        for problem in problems:
            print(f"      {problem}")
        print("".join(f"      | {line}\n" for line in tail.splitlines()), end="", flush=True)
        bad += bool(problems)
    return bad
