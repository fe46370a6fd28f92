#!/usr/bin/env python3
"""Holds drivers to their promises on the file systems of places.py; one JSON report a place.

    check.py --where host|vm --results FOLDER [--scratch FOLDER] [--place NAME]
    check.py --where host|vm --list | --drivers

Where a place can't be had on this host, its report says why; in the machine all must be there. Ends with 1 where one was
not, or a promise was broken.
"""
import argparse
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position
import disk
from places import places

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("VARVE_BIN", ROOT / ".build/release"))
LIMIT = 1500                    # seconds that one place may take
SIZE = 12 << 30                 # of the sparse file that a file system is made in


def built_in():
    """The drivers that this build has."""
    listed = disk.run(BIN / "varved", "driver", "ls", "--format", "json")
    return [driver["name"] for driver in json.loads(listed)]


@contextlib.contextmanager
def home(place, where, scratch):
    """The place's file system, mounted: on the guest's disk where there is one, else in a file."""
    with contextlib.ExitStack() as stack:
        device = os.environ.get("VM_DISK") or stack.enter_context(disk.image(scratch / "disk.img", SIZE))
        disk.make(place.file_system, device)
        mount, point = place.mount, scratch / "disk"
        try:
            yield stack.enter_context(disk.mounted(device, point, place.file_system, mount)), mount
        except disk.Unavailable:
            if not mount or where == "vm":
                raise
            # Without its quota it is still a place, for all checks but those of sizes; the machine does these.
            yield stack.enter_context(disk.mounted(device, point, place.file_system)), ""


def check(place, folder):
    """Runs all checks; gives their results, as `varved driver check` does, and what stayed behind."""
    options = [word for option in place.options for word in ("--storage-opt", option)]
    argv = [BIN / "varved", "driver", "check", "--driver", place.driver, "--home", folder, "--format", "json", *options]
    before, devices = set(os.listdir(folder)), disk.devices()
    process = subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    out = None
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return [], f"the checks did not end within {LIMIT} s"
    finally:
        if out is None:
            # With its copies and its servers of mounts, which keep the disk busy; also when the run is interrupted.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    try:
        results = json.loads(out)
    except ValueError:
        return [], f"the checks ended with {process.returncode}: {err.strip()[-2000:]}"
    left = sorted(set(os.listdir(folder)) - before) + [f"/dev/mapper/{name}" for name in sorted(disk.devices() - devices)]
    return results, f"left behind: {' '.join(left)}" if left else None


def report(place, where, scratch):
    """What there is to say of a place."""
    said = {"where": where, "driver": place.driver, "place": place.title, "results": [], "problem": None, "unavailable": None}
    began = time.monotonic()
    try:
        with home(place, where, scratch) as (folder, mount):
            said["place"] = place.title if mount == place.mount else f"{place.file_system} (no {place.mount} here)"
            said["results"], said["problem"] = check(place, folder)
    except disk.Unavailable as error:
        said["problem" if where == "vm" else "unavailable"] = str(error)
    except RuntimeError as error:
        said["problem"] = " ".join(filter(None, [said["problem"], str(error)]))
    said["seconds"] = round(time.monotonic() - began)
    return said


def is_bad(said):
    return bool(said["problem"]) or any(result["outcome"] == "failed" for result in said["results"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--where", choices=["host", "vm"], required=True)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--scratch", type=pathlib.Path, default="/var/tmp")
    parser.add_argument("--place")
    parser.add_argument("--list", action="store_true", help="print the names of the places, and that is all")
    parser.add_argument("--drivers", action="store_true", help="print the names of the drivers, and that is all")
    given = parser.parse_args()
    if given.drivers:
        print("\n".join(built_in()))
        return 0
    chosen = [place for place in places(given.where, built_in()) if given.place in (None, place.name)]
    if given.list:
        print("\n".join(place.name for place in chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # everything is ended and unmounted then too
    bad = False
    for place in chosen:
        # What keeps it busy is in the report.
        with tempfile.TemporaryDirectory(prefix="varve-check-", dir=given.scratch, ignore_cleanup_errors=True) as scratch:
            said = report(place, given.where, pathlib.Path(scratch))
        (given.results / f"{given.where}-{place.name}.json").write_text(json.dumps(said), encoding="utf-8")
        ran = sum(result["outcome"] != "skipped" for result in said["results"])
        outcome = said["problem"] or said["unavailable"] or f"{ran} checks ran"
        for result in said["results"]:
            if result["outcome"] == "failed":
                print(f"{given.where}: {place.name}: failed: {result['promise']}: {result['reason']}")
        print(f"{given.where}: {place.name}: {outcome} ({said['seconds']} s)", flush=True)
        bad = bad or is_bad(said)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
