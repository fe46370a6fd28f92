"""What the scripted days of the stock clients share: a registry that has an image, and a daemon that has nothing yet."""
import json

import pytest

import drivers
import leaks
import registry as registries


# The drivers have days of their own; here it is about what clients see.
@pytest.fixture(scope="module", params=[name for name in drivers.runnable() if name in ("overlay2", "vfs")][:1])
def driver(request):
    return request.param


@pytest.fixture(scope="module")
def registry(place, request):
    server = registries.Registry(place / f"registry-{request.path.stem}")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def image(registry, make_module_daemon, driver, busybox_tar):
    """The name of a busybox in the registry."""
    name = f"{registry.host}/day/busybox:v1"
    first = make_module_daemon(driver)
    first.docker("load", "-i", busybox_tar)
    first.docker("tag", "busybox", name)
    first.docker("push", name)
    return name


@pytest.fixture(scope="module")
def office(make_module_daemon, driver, image):
    """The day's daemon, with the image pulled; `image` is its name."""
    daemon = make_module_daemon(driver)
    daemon.image = image
    assert "Downloaded newer image" in daemon.docker("pull", image).out
    return daemon


@pytest.fixture
def day(office, request):
    """The same; afterwards all but the image is gone, and nothing is mounted."""
    yield office
    assert office.running, f"the daemon ended during {request.node.name}\n{office.tail()}"
    office.remove_containers()
    for kind in ("volume", "network"):
        filters = ["--filter", "type=custom"] if kind == "network" else []
        for name in office.docker(kind, "ls", "-q", *filters).lines:
            office.docker(kind, "rm", name)
    for line in office.docker("images", "--format", "{{json .}}").lines:
        shown = json.loads(line)
        name = f"{shown['Repository']}:{shown['Tag']}"
        if name != office.image:
            office.docker("rmi", "-f", shown["ID"] if "<none>" in name else name)
    mounted = leaks.mounts_below(office.data_root / office.driver, images=False)
    assert not mounted, f"still mounted after {request.node.name}: {mounted}"


def time_of(daemon):
    """The daemon's clock."""
    return json.loads(daemon.api("GET", "/info")[1])["SystemTime"]
