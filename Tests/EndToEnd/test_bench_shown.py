"""What `varve driver bench show`, `compare` and `varve driver probe` make of a report of the benchmark."""
import csv
import fcntl
import html.parser
import io
import json
import os
import pty
import re
import struct
import subprocess
import termios
import xml.etree.ElementTree

import pytest

import bench_reports
import engine as engines

BENCH = [engines.BIN / "varved", "driver", "bench"]


@pytest.fixture
def made(tmp_path):
    """Writes a report, or any text, and gives its path."""
    def write(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def on_a_terminal(*command, columns, **variables):
    """What `command` writes to a terminal so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, env={**os.environ, **variables})
    os.close(theirs)
    text = b""
    try:
        while chunk := os.read(ours, 65536):
            text += chunk
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait(timeout=30) == 0
    return text.decode()


def test_table(made):
    path = made("a.json", bench_reports.report(1))
    shown = engines.run([*BENCH, "show", path])
    assert shown.code == 0 and "\x1b" not in shown.out
    rows = [line for line in shown.out.splitlines() if line.startswith("  overlay2")]
    assert len(rows) > 3 and all(len(line) <= 80 for line in rows)
    assert re.search(r"^  read-heavy: overlay2: 2\.\d times \(2\.\d–2\.\d\) as fast as the next, vfs", shown.out, re.M), shown.out
    assert "low-space: not measured" in shown.out and "4KiB" in shown.out and "256MiB" in shown.out
    command = [*BENCH, "show", path]
    wide = on_a_terminal(*command, columns=140, NO_COLOR="")
    assert "\x1b[32m" in wide and max(map(len, wide.splitlines())) > 90
    assert "\x1b" not in on_a_terminal(*command, columns=140, NO_COLOR="1")


def test_json_and_csv_have_all_samples(made):
    report = bench_reports.report(1)
    report["results"][3] |= {"samples": [], "problem": 'no "room", it said'}
    del report["results"][3]["summary"]
    path = made("a.json", report)
    assert json.loads(engines.run([*BENCH, "show", path, "--format", "json"]).out) == report
    rows = list(csv.DictReader(io.StringIO(engines.run([*BENCH, "show", path, "--format", "csv"]).out)))
    assert [row["problem"] for row in rows if row["problem"]] == ['no "room", it said']
    values = [float(row["value"]) for row in rows if row["value"]]
    assert values == [sample["value"] for result in report["results"] for sample in result["samples"]]


class Page(html.parser.HTMLParser):
    """Notes elements that are not closed, and attributes that load something."""

    def __init__(self, text):
        super().__init__()
        self.open, self.loads, self.seen = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.open.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href", "data", "action", "srcset")]

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_loads_nothing(made):
    report = bench_reports.report(1)
    report["host"]["processor"] = '</title><script>alert(1)</script>&"'
    report["targets"][1]["status"] = ["<img src=x onerror=alert(1)>"]
    text = engines.run([*BENCH, "show", made("a.json", report), "--format", "html"]).out
    page = Page(text)
    assert page.open == [] and page.loads == [] and "script" not in page.seen and "img" not in page.seen
    assert {"table", "caption", "svg", "polyline", "details"} <= set(page.seen)
    assert not re.search(r"https?:|@import|url\((?!#)", text)
    tree = xml.etree.ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))
    tables = list(tree.iter("table"))
    assert len(tables) > 8
    for table in tables:
        assert table.find("caption") is not None and all(head.get("scope") for head in table.iter("th"))
    assert "nan" not in re.sub(r"[^\d\w.%]", " ", text).lower().split()


def test_compare_finds_what_was_slowed_down_and_nothing_else(made):
    before = made("before.json", bench_reports.report(1))
    same = engines.run([*BENCH, "compare", before, made("same.json", bench_reports.report(2)), "--fail-on-regression"])
    assert same.code == 0 and "18 rows: 0 slower, 0 faster, 18 without a significant difference" in same.out, same.both
    slowed = bench_reports.report(3, slower=("copy-up/4KiB", "copy-up/256MiB"), factor=1.3)
    slowed["host"]["kernel"] = "6.2.0"
    after = made("after.json", slowed)
    shown = engines.run([*BENCH, "compare", before, after])
    assert shown.code == 0 and "kernel: 6.1.0, then 6.2.0" in shown.out and "2 slower, 0 faster" in shown.out, shown.both
    assert re.search(r"copy-up/4KiB +overlay2 .* slower by \d+ % \(\d+–\d+ %\)", shown.out)
    assert engines.run([*BENCH, "compare", before, after, "--fail-on-regression"]).code == 1
    rows = json.loads(engines.run([*BENCH, "compare", before, after, "--format", "json"]).out)["rows"]
    slower = {(row["workload"], row["target"]) for row in rows if row["outcome"] == "slower"}
    assert slower == {("copy-up/4KiB", "overlay2"), ("copy-up/256MiB", "overlay2")}
    # The other way round it became faster, which is no regression.
    assert engines.run([*BENCH, "compare", after, before, "--fail-on-regression"]).code == 0


HOSTILE = {
    "empty": ("", "can't be read"),
    "no report": ('{"format": 1}', "is missing"),
    "newer": (json.dumps(bench_reports.report(1) | {"format": 9}), "format 9"),
    "negative": (json.dumps(bench_reports.report(1)).replace('"value": 0.00', '"value": -0.00', 1), "a sample of"),
    "nobody's": (json.dumps(bench_reports.report(1) | {"targets": []}), "does not know"),
    "too many": (json.dumps(bench_reports.report(1) | {"targets": bench_reports.report(1)["targets"] * 100}), "300 targets"),
    "not a number": (json.dumps(bench_reports.report(1)).replace('"seconds": 60.0', '"seconds": NaN'), "can't be read"),
    "deep": ("[" * 100_000, "can't be read"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_unreadable_reports_are_refused_in_words(made, kind):
    content, words = HOSTILE[kind]
    path = made("bad.json", content)
    for command in (["show", path], ["compare", path, path]):
        refused = engines.run([*BENCH, *command])
        assert refused.code == 1 and words in refused.both and str(path) in refused.both, refused.both


def test_a_file_that_is_not_there(tmp_path):
    refused = engines.run([*BENCH, "show", tmp_path / "none.json"])
    assert refused.code == 1 and "none.json" in refused.both and "No such file" in refused.both


def test_probe_shows_what_was_measured(disk):
    probe = [engines.BIN / "varved", "driver", "probe", "--data-root", disk]
    assert "measured" not in engines.run(probe).out
    (disk / "varve").mkdir(exist_ok=True)
    file = disk / "varve" / "bench.json"
    file.write_text(json.dumps(bench_reports.report(1)))
    shown = engines.run(probe)
    assert shown.code == 0 and "measured here on 2026-11-23T01:02:03Z over /mnt/made:\n    read-heavy: overlay2: 2." in shown.out, shown.both
    measured = json.loads(engines.run([*probe, "--format", "json"]).out)["measured"]
    assert measured["places"] == ["/mnt/made"] and len(measured["verdict"]) == 5 and measured["file"] == str(file)
    for bad in ("{}", "\x1b]0;owned\x07", json.dumps(bench_reports.report(1) | {"format": 2})):
        file.write_text(bad)
        shown = engines.run(probe)
        lines = [line for line in shown.out.splitlines() if "measured here" in line]
        assert shown.code == 0 and len(lines) == 1 and "can't be read" in lines[0] and "\x1b" not in shown.out, shown.both
    file.unlink()


@pytest.mark.parametrize("verb", [(), ("run",), ("compare",), ("show",), ("workloads",)])
def test_examples_in_the_help_are_whole_lines(verb):
    """Of 80 columns: what is longer would be broken in the middle of a command."""
    said = engines.run([*BENCH, *verb, "--help"])
    lines = said.out.split("Examples:")[1].split("USAGE")[0].splitlines()
    commands = [line for line in lines if line.startswith("  varve driver bench")]
    assert commands and all(len(line) < 79 for line in lines)
    for line in filter(None, (line.strip() for line in lines)):
        assert line.startswith(("varve driver bench", "--")), line
