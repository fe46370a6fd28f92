"""What `docker info` and `docker inspect` show of each storage driver: what dockerd shows."""
import json

import pytest

import conftest

# For drivers that no dockerd here can run, from its sources: the lines of `info`, and the keys of `inspect`.
AUFS = ["Root Dir", "Backing Filesystem", "Dirs", "Dirperm1 Supported"]
DEVICEMAPPER = [
    "Pool Name", "Pool Blocksize", "Base Device Size", "Backing Filesystem", "Udev Sync Supported", "Data file", "Metadata file",
    "Data loop file", "Metadata loop file", "Data Space Used", "Data Space Total", "Data Space Available", "Metadata Space Used",
    "Metadata Space Total", "Metadata Space Available", "Thin Pool Minimum Free Space", "Deferred Removal Enabled",
    "Deferred Deletion Enabled", "Deferred Deleted Device Count", "Library Version",
]
# Lines of `info`; keys of an image and of a container. The last is ours alone: this is what its page says.
DEVICE = ["DeviceId", "DeviceName", "DeviceSize"]
KNOWN = {
    "aufs": (AUFS, [[], []]), "devicemapper": (DEVICEMAPPER, [DEVICE, DEVICE]),
    "erofs": (["Backing Filesystem", "Native Overlay Diff", "Images Mounted By", "Images Sealed By"], [["Image", "UpperDir"], ["LowerDir", "UpperDir"]]),
}


def shown(daemon, busybox_tar):
    """The driver's name and lines in `info`, and what `inspect` says of an image and of a container, without our paths."""
    daemon.docker("load", "-i", busybox_tar)
    daemon.docker("create", "--name", "one", "--network", "none", "busybox", "true")
    info = json.loads(daemon.docker("info", "--format", "{{json .}}").out)
    graph = [daemon.inspect(name, "{{json .GraphDriver}}") for name in ("busybox", "one")]
    data = [sorted(found["Data"] or {}) for found in graph]
    daemon.docker("rm", "one")
    return info["Driver"], [key for key, _ in info["DriverStatus"] or []], [found["Name"] for found in graph], data


@pytest.mark.parametrize("driver", conftest.DRIVERS)
def test_info_and_inspect_as_dockerd(make_daemon, driver, busybox_tar):
    name, lines, names, data = shown(make_daemon(driver), busybox_tar)
    assert name == driver and names == [driver, driver]
    if driver in KNOWN:
        expected, theirs = KNOWN[driver]
    else:
        _, expected, _, theirs = shown(make_daemon(driver, kind="dockerd"), busybox_tar)
    # Newer dockerds say more; all that 20.10 says is there, in its order.
    assert [line for line in lines if line in expected] == expected
    assert data == theirs
