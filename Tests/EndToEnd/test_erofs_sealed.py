"""Images of erofs that fs-verity keeps as they were written: what differs on the disk is not read, and the error says where."""
import pathlib
import re
import shutil
import subprocess

import pytest

import leaks

# Once ext4 is there, which its first mount sees to.
FEATURE = pathlib.Path("/sys/fs/ext4/features/verity")


class Disk:
    """An ext4 with fs-verity in a file, whose bytes can be turned while it is not mounted."""

    def __init__(self, place):
        self.file, self.folder = place / "sealed.img", place / "sealed"
        self.folder.mkdir()
        subprocess.run(["truncate", "-s", "2G", self.file], check=True)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-O", "verity", self.file], check=True)
        self.mount(check=False)     # a kernel without fs-verity refuses

    def mount(self, check=True):
        subprocess.run(["mount", "-o", "loop", self.file, self.folder], check=check)

    def unmount(self):
        for point in leaks.mounts_below(self.folder):
            subprocess.run(["umount", point], check=True)

    def place_of(self, path, block):
        """Where a file's block is on the disk."""
        inode = path.stat().st_ino
        subprocess.run(["sync", "-f", path], check=True)
        told = subprocess.run(["debugfs", "-R", f"bmap <{inode}> {block}", self.file], capture_output=True, text=True, check=True).stdout
        return int(told.split()[-1]) * 4096

    def flip(self, offset):
        self.unmount()
        with open(self.file, "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 0x40]))
        self.mount()


@pytest.fixture
def sealed(place, make_daemon, busybox_tar):
    disk = Disk(place)
    try:
        if not FEATURE.exists():
            pytest.skip("this kernel has no fs-verity (CONFIG_FS_VERITY)")
        daemon = make_daemon("erofs", start=False, data_root=disk.folder / "root")
        daemon.owns_data_root = True
        daemon.start()
        daemon.docker("load", "-i", busybox_tar)
        (image,) = [path for path in (disk.folder / "root/erofs").glob("*/image") if path.stat().st_size > 100_000]
        yield daemon, disk, image
        daemon.remove_containers()
        daemon.stop()
    finally:
        disk.unmount()
        disk.file.unlink()
        disk.folder.rmdir()


RUN = ["run", "--rm", "--network", "none", "busybox", "sh", "-c", "cat /bin/busybox >/dev/null && echo fine"]


def test_images_are_sealed(sealed):
    daemon, disk, image = sealed
    assert "Images Sealed By: fs-verity" in daemon.docker("info").out
    assert re.fullmatch("[0-9a-f]{64}\n", (image.parent / "verity").read_text(encoding="ascii"))
    with pytest.raises(PermissionError):
        open(image, "r+b").close()
    assert daemon.docker(*RUN).out == "fine\n"
    daemon.docker("rmi", "busybox")
    assert not image.exists()


def test_flipped_bytes_are_found(sealed):
    daemon, disk, image = sealed
    places = [disk.place_of(image, 0) + 1030, disk.place_of(image, image.stat().st_size // 8192) + 77]
    for offset, words in zip(places, [[str(image), "is damaged"], ["/erofs/" + image.parent.name, "nput/output error"]]):
        daemon.stop()
        disk.flip(offset)
        daemon.start()
        assert daemon.docker(*RUN, check=False).code != 0
        failed = daemon.docker("save", "-o", daemon.place / "saved", "busybox", check=False)
        assert failed.code != 0 and all(word in failed.both + daemon.tail() for word in words), str(failed) + daemon.tail()
        daemon.stop()
        disk.flip(offset)
        daemon.start()
        assert daemon.docker(*RUN).out == "fine\n"


def test_another_image_in_its_place_is_found(sealed):
    daemon, disk, image = sealed
    daemon.stop()
    other = image.with_name("other")
    shutil.copyfile(image, other)
    image.unlink()
    with open(other, "r+b") as file:
        file.seek(other.stat().st_size // 2)
        file.write(b"turned")
    other.rename(image)
    daemon.start()
    failed = daemon.docker(*RUN, check=False)
    assert failed.code != 0 and f"{image} is damaged: its fs-verity digest is" in failed.both, str(failed)


def test_a_copy_is_sealed_again(sealed):
    """As after the data root was copied to another disk."""
    daemon, disk, image = sealed
    daemon.stop()
    other = image.with_name("other")
    shutil.copyfile(image, other)
    other.rename(image)
    daemon.start()
    assert daemon.docker(*RUN).out == "fine\n"
    with pytest.raises(PermissionError):
        open(image, "r+b").close()
