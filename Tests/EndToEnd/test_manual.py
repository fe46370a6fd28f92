"""The manual: a page for every verb, out of the verbs' definitions, that a stock `man` shows without a complaint."""
import re

import pytest

import engine as engines

VARVE = engines.BIN / "varve"


@pytest.fixture(scope="module")
def pages(place):
    folder = place / "man"
    result = engines.run([VARVE, "__man", folder])
    assert result.code == 0 and not result.both, result
    return folder


def verbs(*words):
    """The verbs that `--help` lists below `words`."""
    text = engines.run([VARVE, *words, "--help"]).out
    return set(re.findall(r"^  ([a-z][a-z-]*)(?:, [a-z]+)*(?:  .*)?$", text, re.M)) - {"help", "varve"}


def test_every_verb_has_a_page(pages):
    top = verbs()
    assert {"run", "network", "completion"} <= top
    expected = {"varve"} | {f"varve-{verb}" for verb in top}
    for group in ("container", "image", "network", "volume", "system"):
        assert "prune" in verbs(group)
        expected |= {f"varve-{group}-{verb}" for verb in verbs(group)}
    assert not expected - {page.stem for page in pages.iterdir()}


def test_pages_render(pages):
    """With the options that --help has, and an example that begins with varve."""
    for page in sorted(pages.iterdir()):
        shown = engines.run(["man", "--warnings", "-E", "UTF-8", "-l", page], env={"MANPAGER": "cat", "MANWIDTH": "100", "MAN_KEEP_FORMATTING": ""})
        assert shown.code == 0 and not shown.err, (page.name, shown.err)
        words = page.name.removesuffix(".1").split("-")
        assert all(f"\n{section}\n" in shown.out for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "SEE ALSO")), (page.name, shown.out)
        assert re.search(r"\bvarve\b", shown.out.split("\nEXAMPLES\n")[1]), (page.name, shown.out)
        if "cp" not in words and words[1:] not in ([], ["driver"]):
            options = set(re.findall(r"(--[a-z][a-z-]+)", " ".join(line[:30] for line in engines.run([VARVE, *words[1:], "--help"]).lines if line.startswith("  -"))))
            assert options - {"--version"} <= set(re.findall(r"--[a-z][a-z-]+", shown.out)), page.name
