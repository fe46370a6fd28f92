"""What was written to a device, and the device as it was at any moment of that record.

The format is dm-log-writes' (Documentation/admin-guide/device-mapper/log-writes.rst), all little-endian: sector 0 is
{magic, version, number of entries: 64 bits each; sector size: 32 bits}. From sector 1 on, each entry is a sector that
begins with {sector, sectors, flags, bytes of data: 64 bits each}; a write's data follow it in sectors of their own, a
mark's text stands in the entry's own sector, a flush has none.

What is in front of a flush is what a disk that loses its cache had at that moment, and between two flushes any part of
what stands there may have reached it.
"""
import fcntl
import struct
import subprocess
import typing

MAGIC, VERSION = 0x6A736677736872, 1
FICLONE = 0x40049409            # ioctl(2): all blocks of another file, shared
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
SECTOR = 512
SUPER, HEADER = struct.Struct("<QQQI"), struct.Struct("<QQQQ")


class Entry(typing.NamedTuple):
    """One request that the device got."""

    start: int          # where on the device, in bytes
    length: int         # in bytes
    flags: int
    data: int           # where its data are in the log, in bytes
    mark: str           # what a mark says

    @property
    def is_boundary(self):
        """Whether what is in front of it is on the disk for certain."""
        return bool(self.flags & (FLUSH | FUA))

    @property
    def is_write(self):
        return self.length > 0 and not self.flags & (DISCARD | MARK)


class Writer:
    """Makes a log."""

    def __init__(self, path):
        self.file, self.count = open(path, "wb", buffering=1 << 20), 0
        self.file.write(bytes(SECTOR))

    def add(self, start=0, data=b"", flags=0):
        """A write, or what the flags say."""
        text = data if flags & MARK else b""
        header = HEADER.pack(start // SECTOR, 0 if flags else len(data) // SECTOR, flags, len(text)) + text
        self.file.write(header.ljust(SECTOR, b"\0"))
        if not flags:
            self.file.write(data)
        self.count += 1

    def close(self):
        self.file.seek(0)
        self.file.write(SUPER.pack(MAGIC, VERSION, self.count, SECTOR))
        self.file.close()


def read(path):
    """All entries of a log, in their order."""
    with open(path, "rb") as log:
        magic, version, count, size = SUPER.unpack(log.read(SUPER.size))
        if (magic, version) != (MAGIC, VERSION):
            raise ValueError(f"{path} is no log of dm-log-writes: its first bytes are {magic:#x}, version {version}")
        entries, at = [], size
        for _ in range(count):
            log.seek(at)
            sector, sectors, flags, length = HEADER.unpack(log.read(HEADER.size))
            mark = log.read(length).rstrip(b"\0").decode() if flags & MARK else ""
            entries.append(Entry(sector * size, 0 if flags & MARK else sectors * size, flags, at + size, mark))
            at += size if flags & (MARK | DISCARD) else size + sectors * size
    return entries


class Replay:
    """A device in a sparse file, taken forward through a log."""

    def __init__(self, log, entries, image, size):
        self.log, self.entries, self.image, self.at = log, entries, image, 0
        with open(image, "wb") as file:
            file.truncate(size)

    def forward(self, to):
        """Applies the entries up to, without, number `to`."""
        self.apply(self.image, self.entries[self.at:to])
        self.at = to

    def copy(self, path, more=()):
        """The device as it is now, and some entries on top, in a file of its own."""
        with open(self.image, "rb") as old, open(path, "wb") as new:
            try:
                fcntl.ioctl(new, FICLONE, old.fileno())
            except OSError:     # this file system does not share blocks
                subprocess.run(["cp", "--sparse=always", self.image, path], check=True)
        self.apply(path, more)

    def apply(self, path, entries):
        with open(self.log, "rb") as log, open(path, "r+b") as image:
            for entry in entries:
                if entry.is_write:
                    log.seek(entry.data)
                    image.seek(entry.start)
                    image.write(log.read(entry.length))


def moments(entries, first, count, random):
    """Moments to cut the power at, sorted: each is (number of entries that count, entries behind them that count as well).

    Half of them are boundaries; a quarter are anywhere; in the rest a part of the writes behind a boundary got to the
    disk too, as a disk with a cache of its own may have it.
    """
    boundaries = [n for n in range(first, len(entries)) if entries[n].is_boundary]
    chosen = [(len(entries), ())]
    chosen += [(n, ()) for n in random.sample(boundaries, min(len(boundaries), count // 2))]
    chosen += [(random.randrange(first, len(entries)), ()) for _ in range(count // 4)]
    crowded = [b for b in boundaries if len(unflushed(entries, b)) > 1] or boundaries
    while len(chosen) < count:
        start = random.choice(crowded)
        chosen.append((start, tuple(entry for entry in unflushed(entries, start) if random.random() < 0.5)))
    return sorted(chosen, key=lambda moment: moment[0])


def unflushed(entries, boundary):
    """The writes between a boundary and the next."""
    found = []
    for entry in entries[boundary + 1:]:
        if entry.is_boundary:
            return found
        if entry.is_write:
            found.append(entry)
    return found
