"""Cuts the power while the daemon works, again and again.

    python3 Tests/VM/powercut --driver overlay2 --file-system ext4 [--points 50] [--seed N] [--scratch FOLDER]

A daemon works on a disk that remembers all writes. Then the disk is made again as it was at many moments; its file system
replays its journal, a daemon starts on it, and everything is looked at. As root.

A record can be looked at again: `--record FOLDER` only records, `--replay FOLDER` only looks, `--at N` at one moment. `--errors N` trials of a disk that answers writes with errors
come before it all; with `--points 0` they are all.
"""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "EndToEnd")]

# pylint: disable=wrong-import-position
import audit
import disk
import ioerrors
import logwrites
import places
import record

BOOT = "/proc/sys/kernel/random/boot_id"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", default="overlay2")
    parser.add_argument("--file-system", choices=sorted(record.MOUNT), default="ext4")
    parser.add_argument("--points", type=int, default=int(os.environ.get("VARVE_POWERCUT_POINTS", "50")))
    parser.add_argument("--errors", type=int, default=0)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("VARVE_SEED", random.SystemRandom().randrange(1 << 32))))
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path(os.environ.get("TMPDIR", "/var/tmp")))
    parser.add_argument("--record", type=pathlib.Path)
    parser.add_argument("--replay", type=pathlib.Path)
    parser.add_argument("--at", type=int)
    return parser.parse_args()


def own_mounts():
    """Goes on in a mount namespace of its own: the boot's ID is replaced there."""
    if "VARVE_POWERCUT" not in os.environ:
        os.environ["VARVE_POWERCUT"] = "inside"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, str(HERE), *sys.argv[1:]])


class Cutter:
    """Looks at moments of one record."""

    def __init__(self, given, folder, place):
        self.given, self.place = given, place
        self.events = json.loads((folder / "events.json").read_text(encoding="utf-8"))
        self.entries = logwrites.read(folder / "log")
        self.marks = [n for n, entry in enumerate(self.entries) if entry.mark]
        self.replay = logwrites.Replay(folder / "log", self.entries, place / "past", record.SIZE)
        self.archive = folder / "first.tar"
        self.boot = place / "boot_id"
        self.boot.touch()
        disk.run("mount", "--bind", self.boot, BOOT)

    def promises(self, moment):
        """Those of the last mark in front of the moment."""
        marks = [n for n in self.marks if n < moment]
        return self.events[int(self.entries[marks[-1]].mark)]

    def look(self, number, moment, more):
        """One power cut; gives what is wrong."""
        self.replay.forward(moment)
        image = self.place / "now"
        self.replay.copy(image, more)
        # Another boot: layers whose marks are older may not have reached the disk.
        self.boot.write_text(f"{uuid.uuid4()}\n", encoding="ascii")
        kind, promises = self.given.file_system, self.promises(moment)
        problems, lost, tail = [], 0, ""
        try:
            with disk.mounted(image, self.place / "disk", kind, record.MOUNT[kind]) as folder:
                daemon = record.Daemon(f"cut{number}-{os.getpid()}", self.place, folder, self.given.driver, options(self.given.driver))
                found = audit.Audit(daemon, promises, self.archive)
                try:
                    found.whole()
                except audit.ERRORS as error:
                    found.problems.append(f"{type(error).__name__}: {error}")
                finally:
                    left = audit.end(daemon)
                lost = len(audit.damages(daemon))
                problems = found.problems + left
                tail = daemon.tail(30) if problems else ""
        except disk.Unavailable as error:
            problems = [f"the file system does not come up: {error}"]
        except RuntimeError as error:       # it does not go down
            problems = [*problems, str(error)]
        finally:
            image.unlink()
        shutil.rmtree(self.place / f"cut{number}-{os.getpid()}", ignore_errors=True)
        return problems, lost, tail

    def cut(self):
        """All moments; gives how many showed a problem."""
        chooser = random.Random(self.given.seed)
        chosen = logwrites.moments(self.entries, self.marks[0] + 1, self.given.points, chooser)
        if self.given.at is not None:
            chosen = [moment for moment in chosen if moment[0] == self.given.at] or [(self.given.at, ())]
        kinds = collections.defaultdict(list)
        bad = 0
        for number, (moment, more) in enumerate(chosen):
            began = time.monotonic()
            problems, lost, tail = self.look(number, moment, more)
            doing = self.promises(moment)["doing"]
            extra = f" and {len(more)} writes behind" if more else ""
            print(f"{'BAD ' if problems else 'ok  '} entry {moment}{extra} of {len(self.entries)}, {doing}: "
                  f"{lost} damages, {time.monotonic() - began:.1f} s", flush=True)
            for problem in problems:
                print(f"      {problem}")
                kinds[kind(problem)].append(moment)
            if tail and any(kinds[kind(problem)] == [moment] for problem in problems):
                print("\n".join(f"      | {line}" for line in tail.splitlines()), flush=True)
            bad += bool(problems)
        for text, moments in sorted(kinds.items(), key=lambda item: -len(item[1])):
            print(f"{len(moments)} × {text} (first at entry {moments[0]})")
        return bad, len(chosen)


def kind(problem):
    """A problem without its names and numbers, to count it with others like it."""
    first = problem.splitlines()[0].split(":", 1)[0] if problem.startswith("left when") else problem.splitlines()[0]
    return re.sub(r"/\S+|\b[0-9a-f]{12,}\b(\.new|\.gone|-init)?", "…", first)[:160]


def options(driver):
    return next((place.options for place in places.VM if place.driver == driver), ())


@contextlib.contextmanager
def scratch(given):
    """A folder with room for disks; on the guest's own disk where there is one, which copies them at no cost."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="pc", dir=given.scratch))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        if device := os.environ.get("VM_DISK"):
            disk.make("xfs", device)
            stack.enter_context(disk.mounted(device, place, "xfs"))
        yield place


def main():
    given = arguments()
    own_mounts()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # everything is unmounted and detached then too
    with scratch(given) as place:
        bad = 0
        if given.errors:
            began = time.monotonic()
            bad += ioerrors.trials(place, given.driver, given.file_system, options(given.driver), given.errors)
            print(f"{given.driver} on {given.file_system}: {given.errors} failing disks, {bad} with problems, in {time.monotonic() - began:.0f} s", flush=True)
        if given.points:
            bad += cuts(given, place)
        return 1 if bad else 0


def cuts(given, place):
    """Records, unless there is a record, and looks, unless only a record is wanted."""
    began = time.monotonic()
    if not given.replay:
        try:
            record.record(place, given.driver, given.file_system, options(given.driver))
        except audit.ERRORS as error:
            print(f"BAD  recording on {given.file_system} with {given.driver}: {type(error).__name__}: {error}", flush=True)
            return 1
        print(f"recorded on {given.file_system} with {given.driver} in {time.monotonic() - began:.0f} s", flush=True)
    if given.record:
        given.record.mkdir(parents=True, exist_ok=True)
        disk.run("cp", "--sparse=always", *(place / name for name in record.FILES), given.record)
        return 0
    print(f"power cuts with VARVE_SEED={given.seed}", flush=True)
    bad, count = Cutter(given, given.replay or place, place).cut()
    print(f"{given.driver} on {given.file_system}: {count} power cuts, {bad} with problems, in {time.monotonic() - began:.0f} s", flush=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
