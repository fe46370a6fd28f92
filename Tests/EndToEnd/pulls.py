"""What tests of pulls share: a registry with an image of three layers, a proxy before it, and what a pull must not leave."""

import pytest

import drivers
import registry as registries


# One that unpacks layers at the same time, and one that must do it from the bottom up: for the rest of a pull they are alike.
@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name in ("overlay2", "btrfs")])
def driver(request):
    return request.param


@pytest.fixture(scope="module")
def registry(place, request):
    server = registries.Registry(place / f"registry-{request.path.stem}")
    yield server
    server.stop()


@pytest.fixture
def proxy(registry):
    server = registries.Proxy(registry)
    yield server
    server.stop()


def left(daemon):
    """What a pull must not leave."""
    return [str(path) for folder in ("tmp", "varve/downloads") for path in (daemon.data_root / folder).iterdir()]


@pytest.fixture(scope="module")
def app(shared, registry):
    """An image of three layers in the registry, the second of 8 MB of noise; gives its name there and its ID."""
    name = f"{registry.host}/team/app:v1"
    shared.docker("create", "--name", "maker", "busybox", "true")
    for number, content in enumerate([registries.layer_of_noise(8 << 20), b"top\n"]):
        path = shared.place / f"f{number}"
        path.write_bytes(content)
        shared.docker("cp", path, f"maker:/f{number}")
        shared.docker("commit", "-c", "CMD [\"cat\", \"/f1\"]", "maker", name)
        shared.docker("rm", "maker")
        shared.docker("create", "--name", "maker", name, "true")
    shared.docker("rm", "maker")
    shared.docker("push", name)
    image = shared.inspect(name, "{{json .Id}}")
    shared.docker("rmi", name)
    return name, image


def through(proxy, app):
    """The image's name where the proxy stands before the registry."""
    return app[0].replace(app[0].split("/", maxsplit=1)[0], proxy.host)
