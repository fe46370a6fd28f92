"""Fixtures: a journaled disk for the session, daemons on it, and the promise that nothing is left behind."""
import contextlib
import ctypes
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

import bundles
import clients
import drivers
import engine as engines
import leaks
import peer
import rootfs

DRIVERS = drivers.runnable()
counter = itertools.count(1)


def pytest_configure(config):
    if os.getuid() != 0:
        pytest.exit("these tests run containers: run them as root", returncode=1)
    signal.signal(signal.SIGTERM, signal.default_int_handler)   # as Ctrl-C: daemons end, disks are unmounted
    enter_own_network()


ALL = "VARVE_E2E_ALL_DRIVERS"


def pytest_collection_modifyitems(config, items):
    """A file that says ONE_DRIVER tests code that no driver is behind: the first one is enough."""
    if ALL in os.environ:
        return
    left = {item for item in items if getattr(item.module, "ONE_DRIVER", False) and driver_of(item) not in (None, DRIVERS[0])}
    config.hook.pytest_deselected(items=list(left))
    items[:] = [item for item in items if item not in left]


def driver_of(item):
    return item.callspec.params.get("driver") if hasattr(item, "callspec") else None


def pytest_report_header():
    if ALL not in os.environ:
        return f"terminals, streams, policies and the command's words: with {DRIVERS[0]} alone ({ALL}=1: with all of them)"


def enter_own_network():
    """Bridges, rules and forwarding of the tests' daemons are nobody else's: all of it ends with the tests."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:      # CLONE_NEWNET
        pytest.exit(f"no network of our own: {os.strerror(ctypes.get_errno())}", returncode=1)
    # As on a machine: else the C library takes it that there is no IPv6.
    for step in ("link set lo up", "link add outer type bridge", "addr add 198.51.100.1/24 dev outer", "-6 addr add 2001:db8::1/64 dev outer nodad", "link set outer up"):
        subprocess.run(["ip", *step.split()], check=True)


@contextlib.contextmanager
def loop_disk(image, mount_point, size, kind="ext4"):
    """A journaled ext4, or another file system, of `size` in a sparse file, mounted."""
    subprocess.run(["truncate", "-s", size, image], check=True)
    # btrfs keeps data and metadata apart, unless the disk is too small for that.
    flags = {"ext4": ["-F", "-E", "lazy_itable_init=1"], "btrfs": ["--mixed"] if size.endswith("M") else []}.get(kind, [])
    subprocess.run([f"mkfs.{kind}", "-q", *flags, image], check=True)
    mount_point.mkdir()
    subprocess.run(["mount", "-o", "loop", image, mount_point], check=True)
    try:
        yield mount_point
    finally:
        for point in leaks.mounts_below(mount_point):
            subprocess.run(["umount", point], check=True)
        os.unlink(image)


@pytest.fixture(scope="session", autouse=True)
def control_groups():
    with bundles.all_in_v1():
        yield


@pytest.fixture(scope="module", autouse=True)
def routes_called(request):
    """Where this file's daemons write down which of their routes are called; see `.ci/api-table`."""
    if folder := os.environ.get("VARVE_E2E_ROUTES"):
        os.environ["VARVE_ROUTE_LOG"] = f"{folder}/{request.path.stem}"
    yield
    os.environ.pop("VARVE_ROUTE_LOG", None)


@pytest.fixture(scope="session")
def place():
    """A scratch folder: short, because paths of sockets have 107 bytes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="varve-e2e-", dir="/var/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def disk(place):
    with loop_disk(place / "disk.img", place / "disk", "12G") as mounted:
        yield mounted


class Disks(dict):
    """For each driver a disk that suits it, made when first asked for."""

    def __init__(self, place, ext4, stack):
        super().__init__(ext4=ext4)
        self.place, self.stack = place, stack

    def of(self, driver):
        return self[drivers.FILE_SYSTEM.get(driver, "ext4")]

    def __missing__(self, kind):
        self[kind] = self.stack.enter_context(loop_disk(self.place / f"{kind}.img", self.place / kind, "12G", kind))
        return self[kind]


class OneDisk:
    """A disk for any driver."""

    def __init__(self, folder):
        self.folder = folder

    def of(self, driver):
        return self.folder


@pytest.fixture(scope="session")
def disks(place, disk):
    with contextlib.ExitStack() as stack:
        yield Disks(place, disk, stack)


@pytest.fixture(scope="session")
def busybox_tar(place):
    """An archive that `load` takes: one image, busybox:latest."""
    path = place / "busybox.tar"
    path.write_bytes(rootfs.busybox_archive())
    return path


@pytest.fixture(scope="session")
def rootfs_tar(place):
    """A file system tree that `import` takes."""
    path = place / "rootfs.tar"
    path.write_bytes(rootfs.busybox_layer())
    return path


@contextlib.contextmanager
def daemons(place, disks):
    """A factory of daemons; at its end they are torn down, the last one first, and each must leave nothing."""
    with contextlib.ExitStack() as stack:

        def make(driver, kind=None, start=True, **options):
            dockerd = "dockerd" in (kind, os.environ.get("VARVE_E2E_ENGINE"))
            name = f"{'p' if dockerd else 'v'}{next(counter)}-{os.getpid()}"
            options["arguments"] = [*drivers.arguments(driver), *options.get("arguments", [])]
            daemon = (peer.Dockerd if dockerd else engines.Daemon)(name, place, disks.of(driver), driver, **options)
            stack.callback(daemon.tear_down)
            return daemon.start() if start else daemon

        yield make


@pytest.fixture
def make_daemon(place, disks):
    with daemons(place, disks) as make:
        yield make


@pytest.fixture(scope="module")
def make_module_daemon(place, disks):
    with daemons(place, disks) as make:
        yield make


@pytest.fixture(scope="module", params=DRIVERS)
def driver(request):
    return request.param


@pytest.fixture(scope="module")
def shared(make_module_daemon, driver, busybox_tar):
    """One daemon a file and driver, with busybox loaded."""
    daemon = make_module_daemon(driver)
    daemon.docker("load", "-i", busybox_tar)
    return daemon


@pytest.fixture
def engine(shared, request):
    """The shared daemon; after the test its containers are removed, and it must still be well."""
    if not shared.running:
        shared.start()
    yield shared
    assert shared.running, f"the daemon ended during {request.node.name}\n{shared.tail()}"
    shared.remove_containers()
    mounted = leaks.mounts_below(shared.data_root / shared.driver, images=False)
    assert not mounted, f"still mounted after {request.node.name}: {mounted}"


@pytest.fixture(params=["docker", "varve"])
def cli(engine, request):
    """The shared daemon's clients: the stock command and ours."""
    if request.param == "varve" and isinstance(engine, peer.Dockerd):
        pytest.skip("varve asks for varved")
    return clients.Client(engine, request.param)


@pytest.fixture
def fresh(make_daemon, driver, busybox_tar):
    """A daemon for this test alone, with busybox loaded."""
    daemon = make_daemon(driver)
    daemon.docker("load", "-i", busybox_tar)
    return daemon


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test shows what the daemons that it used have logged."""
    report = (yield).get_result()
    if report.failed:
        for value in item.funcargs.values():
            if isinstance(value, engines.Daemon):
                report.sections.append((f"daemon {value.name} ({value.driver})", value.tail(60)))
