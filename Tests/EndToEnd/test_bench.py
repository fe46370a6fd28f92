"""`driver bench`: what it measures, and that it leaves nothing, however it ends."""
import csv
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import engine
import leaks
from clients import eventually

QUICK = ("--quick", "--rounds", "3", "--seconds", "4")
# Each takes something else of the host: mounts, a FUSE server, a loop device.
TARGETS = ("--driver", "overlay2", "--driver", "aufs", "--driver", "btrfs=loop:btrfs:1G")


@pytest.fixture
def home(disk):
    folder = disk / "bench-home"
    folder.mkdir(exist_ok=True)
    yield folder
    assert left(folder) == NOTHING


def left(home):
    """What of a run is still there: mounts, loop devices, processes, folders."""
    scratch = [entry.name for entry in home.iterdir() if entry.name.startswith(".varve-bench-")]
    return leaks.mounts_below(home), leaks.loop_devices(home), leaks.processes(f"{home}/.varve-bench"), scratch


NOTHING = ([], [], {}, [])


def bench(*words, timeout=120):
    return engine.run([engine.BIN / "varve", "driver", "bench", *words], timeout=timeout)


def rows(report):
    return {(each["workload"], each["target"]): each for each in report["results"]}


def test_a_run(home, tmp_path):
    files = {kind: tmp_path / f"report.{kind}" for kind in ("json", "csv", "html")}
    said = bench(
        "--home", home, *QUICK, *TARGETS, "--driver", "vfs", "--workload", "container/1-layers", "--workload", "small/stat/lower",
        *(word for kind, file in files.items() for word in (f"--{kind}", file)),
    )
    assert said.code == 0, said
    report = json.loads(files["json"].read_text())
    assert report["ending"] == "finished" and not report["problems"], report["problems"]
    targets = {each["id"]: each for each in report["targets"]}
    assert list(targets) == [f"plain@{home}", "overlay2", "aufs", "vfs", "plain@loop:btrfs", "btrfs"]
    assert targets["overlay2"]["baseline"] == f"plain@{home}" and targets["overlay2"]["fileSystem"] == "ext4"
    assert targets["btrfs"]["baseline"] == "plain@loop:btrfs" and targets["btrfs"]["fileSystem"] == "btrfs"
    measured = rows(report)
    for (workload, target), row in measured.items():
        assert len(row["samples"]) >= 3 and "problem" not in row, row
        assert row["summary"]["low"] <= row["summary"]["median"] <= row["summary"]["high"]
    stat = measured["small/stat/lower", "overlay2"]["samples"][0]
    assert 0.99 <= stat["calls"] <= 1.1, "one call a file is counted"
    assert 0 < stat["processor"] < 1e-3
    # The host itself is the limit: a driver does not take a container's layer away faster than one folder.
    assert measured["container/1-layers", f"plain@{home}"]["summary"]["median"] < measured["container/1-layers", "vfs"]["summary"]["median"]
    assert "container/1-layers" in said.out and "vfs" in said.out
    assert len(list(csv.reader(files["csv"].open()))) > 2 * 6 * 3
    assert files["html"].read_text().startswith("<!DOCTYPE html>")


def test_every_workload_works(home, tmp_path):
    """Each at least three times, where no program is missing."""
    said = bench("--home", home, "--quick", "--rounds", "3", "--driver", "overlay2", "--json", tmp_path / "r", timeout=300)
    assert said.code == 0, said
    report = json.loads((tmp_path / "r").read_text())
    problems = [row for row in report["results"] if "problem" in row and "not measured: the time was over" not in row["problem"]]
    assert not problems
    assert len([row for row in report["results"] if len(row["samples"]) >= 3]) >= 60


class Running:
    """A run with a lot to do: the guard, and its worker."""

    def __init__(self, home, file, *words):
        argv = [engine.BIN / "varved", "driver", "bench", "--home", home, "--quick", "--json", file, *TARGETS, *words]
        self.home, self.file = home, file
        self.guard = subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        eventually(lambda: self.worker and self.file.exists(), timeout=60, what="the first workload")

    @property
    def worker(self):
        children = pathlib.Path(f"/proc/{self.guard.pid}/task/{self.guard.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def end(self):
        self.guard.communicate(timeout=60 * engine.PATIENCE)
        return self.guard.returncode

    def read(self):
        """The report as it is: some workloads were measured on all targets."""
        report = json.loads(self.file.read_text())
        assert report["results"] and len(report["targets"]) == 5
        return report


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted(home, tmp_path, name):
    run = Running(home, tmp_path / "r")
    run.guard.send_signal(getattr(signal, name))
    assert run.end() == 130
    report = run.read()
    assert report["ending"] == "stopped" and report["reason"] == "interrupted"
    shown = bench("show", run.file)
    assert shown.code == 0 and "interrupted" in shown.out, shown


def test_going_on(home, tmp_path):
    """What was measured stays as it is, the rest is measured; with other targets or sizes that is refused."""
    run = Running(home, tmp_path / "r", "--workload", "container", "--workload", "small/stat", "--seconds", "20")
    run.guard.send_signal(signal.SIGINT)
    assert run.end() == 130
    before = rows(run.read())
    again = ("--home", home, "--quick", *TARGETS, "--workload", "container", "--workload", "small/stat", "--seconds", "10", "--resume", run.file)
    report = json.loads(run.file.read_text())
    moved = tmp_path / "moved"
    moved.write_text(json.dumps(report | {"host": report["host"] | {"kernel": "2.6.32"}}))
    full = tuple("--full" if word == "--quick" else word for word in again)
    for words, why in [
        ((*again, "--driver", "vfs"), "that run measured"),
        (full, "sizes: then --quick, now --full"),
        ((*again, "--rounds", "4"), "rounds: then 5, now 4"),
        ((*again[:-1], moved), "kernel: then 2.6.32, now "),
    ]:
        refused = bench(*words)
        assert refused.code != 0 and why in refused.err, refused
    # What nobody says anew is as it was.
    said = bench(*(word for word in again if word != "--quick"))
    assert said.code == 0, said
    noise = report["noise"]["count"]
    report = json.loads(run.file.read_text())
    assert report["ending"] == "finished" and "reason" not in report and report["plan"]["scale"] == "quick"
    assert report["noise"]["count"] > noise
    after = rows(report)
    assert len(after) > len(before) and {key: after[key] for key in before} == before
    assert len(after) == len(report["results"]) == 5 * len(report["workloads"])


def test_too_little_time(home, tmp_path):
    """What there was no time for is named once, and measured by the next."""
    words = ("--home", home, "--quick", "--driver", "vfs", "--workload", "small", "--json", tmp_path / "r")
    said = bench(*words, "--seconds", "0.2")
    assert said.code == 0 and said.out.count("no time was left for") == 1 and "nothing measured" not in said.out, said
    late = [row for row in json.loads((tmp_path / "r").read_text())["results"] if not row["samples"]]
    assert late
    said = bench(*words, "--seconds", "10", "--resume", tmp_path / "r")
    assert said.code == 0 and "no time was left" not in said.out, said
    assert all(len(row["samples"]) >= 3 for row in json.loads((tmp_path / "r").read_text())["results"])


def test_the_time_is_kept(home, tmp_path):
    """By leaving out what there is no time for, also where preparing takes longest; what matters most is measured first."""
    begin = time.monotonic()
    said = bench("--home", home, "--quick", "--seconds", "12", *TARGETS, "--driver", "vfs", "--json", tmp_path / "r")
    assert said.code == 0 and "no time was left for" in said.out, said
    assert time.monotonic() - begin < 12 * 1.2 + 4, "with the cleaning after it"
    results = json.loads((tmp_path / "r").read_text())["results"]
    assert all(len(row["samples"]) >= 3 for row in results if row["workload"] == "container/1-layers")


def test_interrupted_twice(home, tmp_path):
    run = Running(home, tmp_path / "r")
    run.guard.send_signal(signal.SIGINT)
    run.guard.send_signal(signal.SIGTERM)
    assert run.end() in (130, 137)
    run.read()


def test_the_worker_is_killed(home, tmp_path):
    run = Running(home, tmp_path / "r")
    own, worker, children = (os.readlink(f"/proc/{name}") for name in (f"{run.guard.pid}/ns/pid", f"{run.worker}/ns/pid", f"{run.guard.pid}/ns/pid_for_children"))
    assert own != worker and own == children, "the guard could start nothing in a namespace whose first process is gone"
    os.kill(run.worker, signal.SIGKILL)
    assert run.end() == 137
    assert run.read()["ending"] == "stopped"


def test_the_guard_is_killed(home, tmp_path):
    run = Running(home, tmp_path / "r")
    run.guard.kill()
    run.end()
    eventually(lambda: left(home) == NOTHING, timeout=60, what="the worker's end")
    run.read()


def test_a_worker_whose_guard_was_killed_before_it_looked(home, tmp_path):
    shown, kept = os.pipe()
    os.close(kept)
    argv = [engine.BIN / "varved", "driver", "bench", "worker", "--home", home, *QUICK, "--driver", "vfs", "--json", tmp_path / "r"]
    try:
        said = subprocess.run(["sh", "-c", 'exec "$@" 3<&0 </dev/null', "sh", *argv], stdin=shown, capture_output=True, timeout=60)
    finally:
        os.close(shown)
    assert said.returncode == 128 + signal.SIGTERM and not (tmp_path / "r").exists(), said


def test_both_are_killed(home, tmp_path):
    run = Running(home, tmp_path / "r")
    os.kill(run.worker, signal.SIGSTOP)     # so that it has no time to clean up
    worker = run.worker
    run.guard.kill()
    os.kill(worker, signal.SIGKILL)
    run.end()
    run.read()
    eventually(lambda: left(home)[:3] == NOTHING[:3], timeout=20, what="the namespace's end")
    assert len(left(home)[3]) == 1, "its folder is left on the disk"
    said = bench("--home", home, *QUICK, "--driver", "vfs", "--workload", "small/create")
    assert said.code == 0, said


@pytest.mark.skipif("device-mapper" not in pathlib.Path("/proc/misc").read_text(), reason="this kernel has no device-mapper")
def test_devices_on_a_file_system_in_a_file_are_not_left(home, tmp_path):
    """They hold its loop device, whoever was killed: the next run mounts it again and gives them back."""
    def devices():
        return [name for name in os.listdir("/dev/mapper") if name.startswith("docker-")] if os.path.isdir("/dev/mapper") else []

    before = devices()
    run = Running(home, tmp_path / "r", "--driver", "devicemapper=loop:ext4:4G,dm.loopdatasize=2G,dm.basesize=512M", "--workload", "container/1-layers",
                  "--workload", "small", "--seconds", "60")
    assert len(devices()) > len(before)
    worker = run.worker
    os.kill(worker, signal.SIGSTOP)
    run.guard.kill()
    os.kill(worker, signal.SIGKILL)
    run.end()
    eventually(lambda: left(home)[2] == {}, timeout=20, what="the namespace's end")
    assert len(devices()) > len(before), "they are held by nobody but the kernel"
    said = bench("--home", home, *QUICK, "--driver", "vfs", "--workload", "small/create")
    assert said.code == 0, said
    eventually(lambda: left(home) == NOTHING and devices() == before, timeout=20, what="the devices' end")


def test_a_full_disk(home, tmp_path):
    small = home / "small"
    image = home / "small.img"
    small.mkdir()
    with image.open("wb") as file:
        file.truncate(48 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, small], check=True)
    try:
        said = bench("--home", small, "--quick", "--rounds", "3", "--seconds", "10", "--driver", "overlay2", "--driver", "vfs", "--json", tmp_path / "r")
        assert said.code == 0, said
        assert left(small)[3] == [] and os.listdir(small) == ["lost+found"]
    finally:
        subprocess.run(["umount", small], check=True)
        image.unlink()
        small.rmdir()
    report = json.loads((tmp_path / "r").read_text())
    assert [row for row in report["results"] if "No space left on device" in row.get("problem", "")]
    assert [row for row in report["results"] if len(row["samples"]) >= 3], "what fits is measured"


@pytest.mark.parametrize("words,why", [
    (["--driver", "nosuch"], "no driver 'nosuch'"),
    (["--driver", "vfs=here"], "neither a folder's absolute path nor loop:TYPE"),
    (["--driver", "vfs=loop:fat"], "loop:TYPE"),
    (["--driver", "vfs=/nowhere"], "/nowhere is no folder"),
    (["--driver", "vfs,novalue"], "key=value"),
    (["--home", "/nowhere"], "--home /nowhere"),
    (["--quick", "--full"], "exclude each other"),
    (["--workload", "nosuch"], "no workload's name contains 'nosuch'"),
    (["--rounds", "1"], "--rounds 1"),
    (["--seconds", "0"], "--seconds 0"),
])
def test_what_is_refused(home, words, why):
    said = bench("--home", home, *words) if "--home" not in words else bench(*words)
    assert said.code != 0 and why in said.err, said


def test_an_unsupported_driver_is_a_row_that_says_so(home, tmp_path):
    said = bench("--home", home, *QUICK, "--driver", "btrfs", "--driver", "vfs", "--workload", "small/create", "--json", tmp_path / "r")
    assert said.code == 0, said
    reasons = {each["id"]: each.get("unsupported") for each in json.loads((tmp_path / "r").read_text())["targets"]}
    assert "btrfs file system" in reasons["btrfs"] and reasons["vfs"] is None


def test_workloads_are_listed():
    said = engine.run([engine.BIN / "varve", "driver", "bench", "workloads", "--format", "json"])
    listed = json.loads(said.out)
    assert len(listed) > 50 and all(each["standsFor"] and each["source"] for each in listed)
    assert len({each["id"] for each in listed}) == len(listed)
