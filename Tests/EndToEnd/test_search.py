"""Searching a registry that can be searched: Docker Hub's old way, which the proxy plays here."""
import json

import pytest

import registry as registries
from pulls import driver, proxy, registry  # noqa: F401 fixtures

FOUND = {"num_results": 3, "results": [
    {"name": "library/app", "description": "The\nofficial one", "star_count": 90, "is_official": True, "is_automated": False},
    {"name": "me/app", "description": "x" * 60, "star_count": 3, "is_official": False}, {"name": "you/app"},
]}


@pytest.fixture
def searched(proxy):
    proxy.rules[:] = [registries.always(("answer", {"Content-Type": "application/json"}, json.dumps(FOUND).encode()),
                                        lambda handler: handler.path.startswith("/v1/search"))]
    return proxy


def test_finds(cli, searched):
    lines = cli("search", f"{searched.host}/an app").lines
    assert lines[0].split() == ["NAME", "DESCRIPTION", "STARS", "OFFICIAL"], lines
    assert [line.split()[0] for line in lines[1:]] == ["library/app", "me/app", "you/app"], lines
    assert "[OK]" in lines[1] and "The official one" in lines[1] and "x" * 60 not in lines[2]
    path = searched.requests[-1][1]
    assert path.startswith("/v1/search?") and "q=an%20app" in path and "n=25" in path, path
    cli("search", "--limit", "7", f"{searched.host}/app")
    assert "n=7" in searched.requests[-1][1]
    names = ["search", "--format", "{{.Name}}"]
    assert cli(*names, "--filter", "is-official=true", f"{searched.host}/app").lines == ["library/app"]
    assert cli(*names, "--filter", "stars=3", f"{searched.host}/app").lines == ["library/app", "me/app"]


@pytest.mark.parametrize("words, said", [
    (["--limit", "101"], "outside the range"), (["--filter", "color=red"], "invalid filter"), (["--filter", "stars=many"], "invalid"),
])
def test_questions_that_are_wrong(cli, searched, words, said):
    failed = cli("search", *words, f"{searched.host}/app", check=False)
    assert failed.code != 0 and said in failed.err, failed


def test_registries_that_cannot_be_searched(cli, proxy):
    failed = cli("search", f"{proxy.host}/app", check=False)
    assert failed.code == 1 and "cannot be searched" in failed.err, failed
    proxy.rules[:] = [registries.always(("garbage",), lambda handler: True)]
    failed = cli("search", f"{proxy.host}/app", check=False)
    assert failed.code == 1 and "no list of images" in failed.err, failed
