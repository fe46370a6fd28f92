"""A daemon at work on a disk whose every write is recorded."""
import contextlib
import dataclasses
import json
import os
import pathlib

import disk
import disk_server
import engine
import workload

# Journals are written each second, so that a short run has many moments.
MOUNT = {"ext4": f"commit={workload.JOURNAL_SECONDS},noinit_itable", "xfs": "", "btrfs": f"commit={workload.JOURNAL_SECONDS}"}
SIZE = 2 << 30
# The history, what was promised when, and the image that is loaded again after each power cut.
FILES = ["log", "events.json", "first.tar"]


class Daemon(engine.Daemon):
    """varved on this disk."""

    varve_program = engine.BIN / "varve"

    def __init__(self, name, place, folder, kind, options):
        flags = [word for option in options for word in ("--storage-opt", option)]
        super().__init__(name, pathlib.Path(place), folder, kind, arguments=flags, data_root=folder / "root")
        # Those of the host: what is there beyond them at the end was left behind.
        self.devices = disk.devices()


@contextlib.contextmanager
def often_flushed(kind):
    """XFS writes its log each 30 seconds by default, on the whole machine; the smallest that it takes is one."""
    setting = pathlib.Path("/proc/sys/fs/xfs/xfssyncd_centisecs")
    if kind != "xfs" or not setting.exists():
        yield
        return
    before = setting.read_text(encoding="ascii")
    setting.write_text(str(100 * workload.JOURNAL_SECONDS), encoding="ascii")
    try:
        yield
    finally:
        setting.write_text(before, encoding="ascii")


def record(place, driver, kind, options):
    """Runs the workload on a fresh disk below the folder `place`, which then has the `FILES`."""
    with disk_server.served(place, SIZE, place / "log") as served:
        disk.make(kind, served.device)
        with disk.mounted(served.device, place / "disk", kind, MOUNT[kind]) as folder, often_flushed(kind):
            daemon = Daemon(f"recorded-{os.getpid()}", place, folder, driver, options)
            try:
                daemon.start(120)
                work = workload.Workload(daemon, served.mark, place)
                work.act()
            finally:
                try:
                    if daemon.running:
                        daemon.stop(60)
                finally:
                    engine.leaks.end(daemon)
    events = [dataclasses.asdict(event) for event in work.events]
    (place / "events.json").write_text(json.dumps(events), encoding="utf-8")
    os.rename(work.first.path, place / "first.tar")
