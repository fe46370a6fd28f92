"""Registries and mirrors that do what they should not."""
import re

import pytest

import registry as registries
from pulls import app, driver, left, proxy, registry, through  # noqa: F401 fixtures


def always_for(layer, *what):
    return [registries.always(what, layer)]


# What goes wrong, with a condition that is true of requests for the large layer, and what is said of it where it does not end well.
FAULTS = {
    "500 a few times": (lambda layer: [registries.times(3, ("status", 503), lambda h: True)], None),
    "too many requests": (lambda layer: [registries.times(2, ("status", 429, {"Retry-After": "1"}), lambda h: "manifests" in h.path)], None),
    "no ranges after a cut": (lambda layer: [
        registries.times(2, ("cut", 1 << 20), layer), registries.always(("no-ranges",), lambda h: layer(h) and "Range" in h.headers),
    ], None),
    # Who unpacks may see it before the digest is known.
    "a wrong byte in a layer": (lambda layer: always_for(layer, "corrupt", 1000), "damaged"),
    "a wrong byte in a manifest": (lambda layer: always_for(lambda h: h.command == "GET" and "manifests" in h.path, "corrupt", 100), "manifest of .*: expected sha256:"),
    "a page of a hotel": (lambda layer: always_for(lambda h: True, "garbage"), "is this a registry"),
    "a page of a hotel for a layer": (lambda layer: always_for(layer, "garbage"), r"the answer has 42 bytes, and \d+ were to come"),
    "layers are gone": (lambda layer: always_for(layer, "status", 404), "blob sha256:.* not found: 404"),
    "forbidden": (lambda layer: always_for(lambda h: True, "status", 403), "access denied for"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=[name.replace(" ", "-") for name in FAULTS])
def test_faults(engine, proxy, app, fault):
    """Whatever goes wrong ends well after another try, or in an error that says what it was; never in a wrong image."""
    name = through(proxy, app)
    make_rules, words = FAULTS[fault]
    large = max(proxy.registry.manifest("team/app", "v1")[0]["layers"], key=lambda layer: layer["size"])
    proxy.rules += map(registries.Counted, make_rules(lambda h: h.command == "GET" and h.path.endswith(large["digest"])))
    said = engine.docker("pull", name, check=False, timeout=90)
    assert all(rule.fired for rule in proxy.rules), (said, proxy.requests)
    if words is None:
        assert said.code == 0 and engine.docker("run", "--rm", name).out == "top\n", said
    else:
        assert said.code != 0 and re.search(words, said.err), said
        assert not engine.docker("images", "-q", name).out
        assert not list((engine.data_root / "tmp").iterdir())
    proxy.rules.clear()
    engine.docker("pull", name)
    assert engine.docker("run", "--rm", name).out == "top\n"
    engine.docker("rmi", name)
    assert not left(engine)


def test_a_mirror_is_asked_first(make_daemon, driver, proxy, registry, busybox_tar, app):
    """Docker Hub's images come from a mirror that has them, with the names of Docker Hub."""
    daemon = make_daemon(driver, arguments=["--registry-mirror", f"http://{proxy.host}"])
    daemon.docker("pull", "team/app:v1")
    assert daemon.docker("run", "--rm", "team/app:v1").out == "top\n" and proxy.blobs()
    assert daemon.inspect("team/app:v1", "{{json .RepoTags}}") == ["team/app:v1"]


@pytest.mark.parametrize("status", [404, 500])
def test_a_mirror_that_lacks_layers(make_daemon, driver, proxy, registry, app, status):
    """Of what a mirror lacks, or fails to give, the next one is asked: it plays Docker Hub's part."""
    proxy.rules.append(registries.Counted(registries.always(("status", status))))
    mirrors = ["--registry-mirror", f"http://{proxy.host}", "--registry-mirror", f"http://{registry.host}"]
    daemon = make_daemon(driver, arguments=mirrors)
    daemon.docker("pull", "team/app:v1")
    assert daemon.docker("run", "--rm", "team/app:v1").out == "top\n"
    layers = {layer["digest"] for layer in registry.manifest("team/app", "v1")[0]["layers"]}
    assert layers <= set(proxy.blobs()) and proxy.rules[0].fired > len(layers), proxy.requests
