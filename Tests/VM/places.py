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
    Place("erofs", "ext4"),
    Place("erofs", "xfs", "pquota"),
    Place("erofs", "btrfs"),
]
VM = [
    Place("overlay2", "ext4"),
    Place("overlay2", "xfs", "pquota"),
    Place("vfs", "xfs", "pquota"),
    Place("btrfs", "btrfs"),
    Place("aufs", "ext4"),
    Place("devicemapper", "ext4", options=pool("ext4")),
    Place("devicemapper", "xfs", options=pool("xfs")),
    Place("erofs", "ext4"),
    Place("erofs", "xfs", "pquota"),
    Place("erofs", "btrfs"),
]


# What a driver promises only where the kernel or the file system lets it (Sources/GraphDrivers/Capabilities.swift, and
# blocks that are shared), and the checks that need it. There it says "does not promise this", as where it never does.
NEEDS = {
    "quota": [
        "a size that is none is refused, in words that name it, and leaves nothing",
        "a size of 0 is refused, or no limit: no layer that can hold nothing is made",
        "what is past the limit is refused, the layer works on, and is removed",
        "what the image holds counts only where the driver says so",
        "a full layer takes nothing from others, whatever their limits",
        "a layer made again with a larger size holds more, with the same as much",
        "a limit holds after a second start, for what is open then too",
        "a limited layer on a limited one has a limit of its own",
    ],
    "quotaCoversImage": ["a size that is less than what is there already is refused, and leaves nothing"],
    "exactChanges": ["a file of other content, but of the old one's size and time, is modified"],
    "independentApply": ["layers can be applied before their parents"],
    "sharedBlocks": ["a child has its parent's files in the same blocks, where the file system can share them"],
}
# What each must be held to in one place at least: that no place let it is a gap, and not its nature.
PROMISED = {
    "overlay2": ["quota", "exactChanges", "independentApply"],
    "vfs": ["quota", "sharedBlocks"],
    "btrfs": ["quota"],
    "aufs": ["exactChanges", "independentApply"],
    "devicemapper": ["quota", "quotaCoversImage"],
    "erofs": ["quota", "exactChanges", "independentApply"],
}


def places(where, drivers):
    """The places of these drivers there; a driver that the table does not know gets one of its own."""
    table = {"host": HOST, "vm": VM}[where]
    known = {place.driver for place in table}
    return [p for p in table if p.driver in drivers] + [Place(d, "ext4") for d in drivers if d not in known]
