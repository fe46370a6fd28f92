"""The storage drivers under test: which of them this kernel can run, on which file system, with which options."""
import json
import pathlib
import subprocess

import engine

# The file system that a driver's data root lies on; the others get ext4.
FILE_SYSTEM = {"btrfs": "btrfs"}
# A pool of the default size would do, but making a file system of 10 GB takes a second.
OPTIONS = {"devicemapper": ["dm.basesize=512M", "dm.loopdatasize=8G", "dm.loopmetadatasize=128M"]}
# A line of what `docker info` says of each.
INFO = {
    "overlay2": "Backing Filesystem: extfs", "aufs": "Backing Filesystem: extfs", "devicemapper": "Data Space Total: 8.59GB",
    "btrfs": "Storage Driver: btrfs", "vfs": "Storage Driver: vfs",
    "erofs": "Storage Driver: erofs",
}


def built_in():
    listed = subprocess.run([engine.BIN / "varved", "driver", "ls", "--format", "json"], capture_output=True, text=True, check=True)
    return [driver["name"] for driver in json.loads(listed.stdout)]


def runnable():
    """Those that this kernel can run; what it cannot is said, and tried in another kernel (`make test-vm`)."""
    found = built_in()
    if "devicemapper" in found and "device-mapper" not in pathlib.Path("/proc/misc").read_text():
        print("devicemapper is not tried end to end here: this kernel has no device-mapper")
        found.remove("devicemapper")
    return found


def arguments(driver):
    return [word for option in OPTIONS.get(driver, []) for word in ("--storage-opt", option)]
