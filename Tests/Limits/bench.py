#!/usr/bin/env python3
"""What the benchmark itself adds to what it measures, and whether two runs of it agree.

    Tests/Limits/bench.py [--turns 9] [--agree]

The shortest workloads, looking at small files and reading them, on plain folders, beside the same loops in C (bench_floor.c),
in turns on one journaled ext4 in a loop image. With --agree, two quick runs of overlay2 and vfs, and how many rows `compare`
finds different: there should be none.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "EndToEnd"))
import conftest
import engine

FILES = 500     # as many as --quick has


def by_varve(home, report):
    argv = [engine.BIN / "varve", "driver", "bench", "--quick", "--home", home, "--driver", "vfs", "--workload", "small/stat/lower",
            "--workload", "small/read/lower", "--rounds", "12", "--seconds", "20", "--json", report]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results = json.loads(report.read_text())["results"]
    plain = {row["workload"]: row["summary"]["median"] * 1e9 for row in results if row["target"] == "plain"}
    return plain["small/stat/lower"], plain["small/read/lower"]


def by_c(program, home):
    folder = home / "floor"
    folder.mkdir(exist_ok=True)
    return [float(word) for word in subprocess.check_output([program, folder, str(FILES), "12"], text=True).split()]


def overhead(place, home, turns):
    program = place / "bench_floor"
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", program, HERE / "bench_floor.c"], check=True)
    pairs = [(by_varve(home, place / "report.json"), by_c(program, home)) for _ in range(turns)]
    for number, what in enumerate(["stat", "open, read, close"]):
        ours, least = (statistics.median(pair[side][number] for pair in pairs) for side in (0, 1))
        parts = sorted(pair[0][number] / pair[1][number] - 1 for pair in pairs)
        print(f"{what}: {ours:.0f} ns by the benchmark, {least:.0f} ns by C: {100 * (ours / least - 1):+.1f} % "
              f"(in the middle turn {100 * parts[len(parts) // 2]:+.1f} %)")


def agree(place, home):
    files = [place / "first.json", place / "second.json"]
    for file in files:
        argv = [engine.BIN / "varve", "driver", "bench", "--quick", "--home", home, "--driver", "overlay2", "--driver", "vfs", "--json", file]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    said = subprocess.check_output([engine.BIN / "varve", "driver", "bench", "compare", *files, "--format", "json"], text=True)
    comparison = json.loads(said)
    outcomes = [row["outcome"] for row in comparison["rows"]]
    print({outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--agree", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="varve-bench-limits-", dir="/var/tmp") as folder:
        place = pathlib.Path(folder)
        with conftest.loop_disk(place / "disk.img", place / "disk", "12G") as home:
            overhead(place, home, given.turns)
            if given.agree:
                agree(place, home)


if __name__ == "__main__":
    main()
