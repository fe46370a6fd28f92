"""Where each driver is held to its promises: on this host, and in a virtual machine with a stock Debian kernel."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Place:
    """A file system, mounted in a way, and the driver that is tried on it."""

    driver: str
    file_system: str
    mount: str = ""             # options of the mount
    options: tuple = ()         # options of the driver

    @property
    def name(self):
        return f"{self.driver}-{self.file_system}"

    @property
    def title(self):
        return " ".join(word for word in [self.file_system, self.mount, *map(self.short, self.options)] if word)

    @staticmethod
    def short(option):
        return option if option.startswith("dm.fs=") else ""


def pool(kind):
    """A thin pool on small loop files, with that file system on its devices: xfs takes 300 MB at least."""
    sizes = ("dm.basesize=512M", "dm.loopdatasize=4G", "dm.loopmetadatasize=64M")
    return (f"dm.fs={kind}", *sizes)


HOST = [
    Place("overlay2", "ext4"),
    Place("overlay2", "xfs", "pquota"),
    Place("vfs", "ext4"),
    Place("vfs", "xfs", "pquota"),
    Place("btrfs", "btrfs"),
    Place("aufs", "ext4"),
    Place("devicemapper", "ext4", options=pool("ext4")),
]
VM = [
    Place("overlay2", "ext4"),
    Place("overlay2", "xfs", "pquota"),
    Place("vfs", "xfs", "pquota"),
    Place("btrfs", "btrfs"),
    Place("aufs", "ext4"),
    Place("devicemapper", "ext4", options=pool("ext4")),
    Place("devicemapper", "xfs", options=pool("xfs")),
]


def places(where, drivers):
    """The places of these drivers there; a driver that the table does not know gets one of its own."""
    table = {"host": HOST, "vm": VM}[where]
    known = {place.driver for place in table}
    return [p for p in table if p.driver in drivers] + [Place(d, "ext4") for d in drivers if d not in known]
