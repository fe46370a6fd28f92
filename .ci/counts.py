"""Counts a report of `varved driver check --format json`; fails where fewer than 40 checks ran or one failed."""
import collections
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    results = json.load(file)
outcomes = collections.Counter(result["outcome"] for result in results)
for result in results:
    if result["outcome"] != "passed":
        print(f"{result['outcome']}: {result['promise']}: {result.get('reason', '')}", file=sys.stderr)
ran = outcomes["passed"] + outcomes["failed"]
print(f"{ran} checks ran, {outcomes['passed']} passed, {outcomes['failed']} failed, {outcomes['skipped']} skipped")
sys.exit(0 if ran >= 40 and not outcomes["failed"] else 1)
