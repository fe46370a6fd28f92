"""`varve driver new`: what it writes, where it refuses to. Whether it builds and passes is `make examples`'s: it takes minutes."""
import pathlib
import shutil
import subprocess

import pytest

import engine

TREE = pathlib.Path(__file__).resolve().parents[2]


def new(*words, code=0, folder="/"):
    result = subprocess.run([engine.BIN / "varve", "driver", "new", *map(str, words)], capture_output=True, text=True, cwd=folder)
    assert result.returncode == code, result
    return result


@pytest.mark.parametrize("name", ["", "A", "../x", "0a", "a/b", "a b", "a" * 33, "ä", "a\nb"])
def test_bad_names(name, tmp_path):
    assert "can't be a driver's name" in new(name, code=64, folder=tmp_path).stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words, said", [
    (["overlay2"], "there is a driver 'overlay2' already"),
    (["x", "--varve", "/nonexistent"], "say where they are with --varve"),
    (["x", "--in-tree", "--path", "/tmp/x"], "leave out --path"),
    (["x", "--path", "there"], "is there already"),
])
def test_refusals(words, said, tmp_path):
    (tmp_path / "there").mkdir()
    assert said in new(*words, code=64, folder=tmp_path).stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["there"]


def test_a_package(tmp_path):
    said = new("my-fs", "--varve", TREE, folder=tmp_path).stdout
    folder = tmp_path / "my-fs"
    assert f"cd {folder}" in said and ".build/debug/my-fs check" in said
    assert f'path: "{TREE}"' in (folder / "Package.swift").read_text()
    assert "struct MyFs: GraphDriver" in (folder / "Sources/my-fs/MyFs.swift").read_text()
    assert "typealias Driver = MyFs" in (folder / "Sources/my-fs/Program.swift").read_text()


def test_from_a_repository(tmp_path):
    new("x", "--varve", "https://example.org/varve.git", folder=tmp_path)
    assert 'url: "https://example.org/varve.git"' in (tmp_path / "x/Package.swift").read_text()


def sources(place):
    """As much of Varve's sources as it looks at."""
    for name in ("Package.swift", "Sources/varved/Drivers.swift"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TREE / name, place / name)
    (place / "Sources/GraphDrivers").mkdir()
    return place


def test_in_the_tree(tmp_path):
    tree = sources(tmp_path / "varve")
    new("my-fs", "--in-tree", "--varve", tree)
    assert '    "MyFs": [],\n' in (tree / "Package.swift").read_text()
    listed = (tree / "Sources/varved/Drivers.swift").read_text()
    assert "import GraphDrivers\nimport MyFsDriver\n" in listed and "    DriverKind(MyFs.self),\n]" in listed
    assert "public struct MyFs: GraphDriver" in (tree / "Plugins/MyFs/Sources/MyFs.swift").read_text()
    assert "import DriverChecks\nimport MyFsDriver\nimport Testing\n" in (tree / "Plugins/MyFs/Tests/MyFsTests.swift").read_text()


def test_a_tree_that_it_does_not_know(tmp_path):
    tree = sources(tmp_path / "varve")
    (tree / "Package.swift").write_text("let package = Package(name: \"varve\")\n")
    assert "by hand" in new("my-fs", "--in-tree", "--varve", tree, code=64).stderr
    assert not (tree / "Plugins").exists() and "MyFs" not in (tree / "Sources/varved/Drivers.swift").read_text()
