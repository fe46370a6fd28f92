"""File systems to try things on: made on a device or in a sparse file, mounted for as long as they are needed."""
import contextlib
import os
import pathlib
import subprocess

MAKE = {
    "ext4": ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,nodiscard"],
    "xfs": ["mkfs.xfs", "-q", "-f", "-K"],
    "btrfs": ["mkfs.btrfs", "-q", "-f", "-K"],
}


class Unavailable(Exception):
    """This kernel or machine has no such file system: which, and what the kernel says."""


def run(*argv, check=True):
    """Runs a program; what it says on standard output. When it fails, what it said is in the error."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if check and done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise RuntimeError(f"{' '.join(map(str, argv))}: exit status {done.returncode}: {said}")
    return done.stdout


def make(kind, device):
    run(*MAKE[kind], device)


def devices():
    """Names of the device-mapper devices that are there: the host may have some of its own (LVM, LUKS)."""
    if "device-mapper" not in pathlib.Path("/proc/misc").read_text(encoding="utf-8"):
        return set()
    listed = run("dmsetup", "ls").strip()
    return set() if listed == "No devices found" else {line.split()[0] for line in listed.splitlines()}


@contextlib.contextmanager
def mounted(device, folder, kind, options=""):
    """Mounts it; at the end everything below `folder` is unmounted first, and what is busy is taken away all the same."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    flags = [option for option in options.split(",") if option]
    if not pathlib.Path(device).is_block_device():
        flags.append("loop")
    try:
        run("mount", "-t", kind, *(["-o", ",".join(flags)] if flags else []), device, folder)
    except RuntimeError as error:
        raise Unavailable(str(error)) from error
    try:
        yield folder
    finally:
        unmount(folder)


def unmount(folder):
    """Nothing stays mounted there; that something kept it busy is an error."""
    try:
        run("umount", "-R", folder)
    except RuntimeError as error:
        run("umount", "-R", "-l", folder, check=False)
        raise RuntimeError(f"{error}; detached as it was") from error


@contextlib.contextmanager
def image(path, size):
    """A sparse file of `size`, gone at the end."""
    with open(path, "wb") as file:
        file.truncate(size)
    try:
        yield path
    finally:
        os.unlink(path)
