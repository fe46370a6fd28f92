#!/usr/bin/env python3
"""One table of all driver checks, from the reports that Tests/VM/check.py wrote: driver × place × outcomes.

    counts.py RESULTS DRIVER…            print it; fail where a promise was broken, or too little was tried
    counts.py --enough RESULTS DRIVER…   print nothing; fail where too little was tried

Enough is: each driver ran 70 checks in one place at least, and each of its checks somewhere: also those that it promises
only where a place lets it (Tests/VM/places.py says which).
"""
import collections
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Tests/VM"))
# pylint: disable=wrong-import-position
from places import NEEDS, PROMISED

ENOUGH = 70
COLUMNS = ["driver", "where", "file system", "checks", "ran", "passed", "failed", "skipped", "seconds"]


def read(folder):
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(pathlib.Path(folder).glob("*.json"))]
    for report in reports:
        report["counts"] = collections.Counter(result["outcome"] for result in report["results"])
        report["ran"] = report["counts"]["passed"] + report["counts"]["failed"]
    return reports


def row(report):
    counts = report["counts"]
    numbers = [len(report["results"]), report["ran"], counts["passed"], counts["failed"], counts["skipped"], report["seconds"]]
    return [report["driver"], report["where"], report["place"], *map(str, numbers)]


def table(reports):
    rows = [COLUMNS, *map(row, reports)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(COLUMNS))]
    for line in rows:
        text = [word.ljust(width) for word, width in zip(line[:3], widths)]
        yield "  ".join(text + [word.rjust(width) for word, width in zip(line[3:], widths[3:])])


def place(report):
    return f"{report['where']} {report['place']}"


def skipped(reports):
    """Why checks were skipped, one line a reason; a place where none ran is one line."""
    reasons = collections.defaultdict(list)
    for report in reports:
        if report["unavailable"]:
            reasons[report["driver"], "all", report["unavailable"]].append(place(report))
            continue
        for result in report["results"]:
            if result["outcome"] == "skipped":
                promise = result["promise"] if report["ran"] else "all"
                found = reasons[report["driver"], promise, result["reason"]]
                if place(report) not in found:
                    found.append(place(report))
    for (driver, promise, reason), where in reasons.items():
        yield f"skipped: {driver} on {', '.join(where)}: {promise}: {reason}"


def broken(reports):
    for report in reports:
        if report["problem"]:
            yield f"{report['driver']} on {place(report)}: {report['problem']}"
        for result in report["results"]:
            if result["outcome"] == "failed":
                yield f"failed: {report['driver']} on {place(report)}: {result['promise']}: {result['reason']}"


def too_little(reports, drivers):
    """What was not tried. That a driver does not promise something is no gap, if another one does and was tried."""
    ran_somewhere = {result["promise"] for report in reports for result in report["results"] if result["outcome"] != "skipped"}
    for driver in drivers:
        own = [report for report in reports if report["driver"] == driver]
        most = max((report["ran"] for report in own), default=0)
        if most < ENOUGH:
            yield f"{driver} ran {most} checks at most in one place; at least {ENOUGH} are wanted"
            continue
        ran = {result["promise"] for report in own for result in report["results"] if result["outcome"] != "skipped"}
        owed = {promise for need in PROMISED.get(driver, []) for promise in NEEDS[need]}
        for result in {result["promise"]: result for report in own for result in report["results"]}.values():
            promise, reason = result["promise"], result.get("reason") or ""
            is_not_its_own = "does not promise" in reason and promise in ran_somewhere
            # Such a promise is kept where there is nothing to keep.
            is_conditional = "where the file system can" in promise and "this file system can't" in reason and promise in ran_somewhere
            if promise not in ran and (promise in owed or not is_not_its_own and not is_conditional):
                yield f"{driver} was tried nowhere for: {promise}: {reason}"


def unknown(reports):
    """What Tests/VM/places.py must know: which capability a check needs that some driver does not promise, and no other."""
    known = {promise for promises in NEEDS.values() for promise in promises}
    every = {result["promise"] for report in reports for result in report["results"]}
    asked = {
        result["promise"] for report in reports for result in report["results"]
        if result["outcome"] == "skipped" and result["reason"].endswith("does not promise this")
    }
    for promise in sorted(asked - known):
        yield f"Tests/VM/places.py does not say what this check needs: {promise}"
    for promise in sorted(known - every if every else []):
        yield f"Tests/VM/places.py names a check that is none: {promise}"


def main():
    arguments = sys.argv[1:]
    quiet = arguments[:1] == ["--enough"]
    folder, *drivers = arguments[1:] if quiet else arguments
    reports = read(folder)
    gaps = list(too_little(reports, drivers))
    if quiet:
        return 1 if gaps else 0
    problems = [*broken(reports), *gaps, *unknown(reports)]
    print("\n".join([*table(reports), *skipped(reports), *(f"FAIL  {problem}" for problem in problems)]))
    return 1 if problems or not drivers else 0


if __name__ == "__main__":
    sys.exit(main())
