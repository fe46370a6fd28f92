"""A disk in a file that remembers all that is written to it, and that can be told to fail.

A loop device lies on the one file of a FUSE file system, whose server is a process of its own: it keeps what is written,
in the order in which it comes, with the flushes and marks in between (`logwrites.py` says in which form). No module of
device-mapper is needed, so it works on any kernel with FUSE, at the host's speed.
"""
import contextlib
import enum
import errno
import multiprocessing
import os
import pathlib
import select
import stat
import struct
import subprocess
import time

import disk
import logwrites


class Code(enum.IntEnum):
    """What the kernel asks for (linux/fuse.h)."""

    FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE = 2, 3, 4, 14, 15, 16, 17, 18
    FSYNC, FLUSH, INIT, INTERRUPT, DESTROY, BATCH_FORGET = 20, 25, 26, 36, 38, 42


UNANSWERED = {Code.FORGET, Code.INTERRUPT, Code.BATCH_FORGET}
BIG_WRITES, MAX_PAGES = 1 << 5, 1 << 22
LONGEST = 1 << 20                       # bytes of one write
REQUEST, ANSWER = struct.Struct("<IIQQIIIHH"), struct.Struct("<IiQ")
TRANSFER = struct.Struct("<QQIIQII")    # fuse_read_in, fuse_write_in
ATTRIBUTES = struct.Struct("<6Q10I")


class Server:
    """Answers the kernel until the file system is unmounted."""

    def __init__(self, channel, commands, data, log, size):
        self.channel, self.commands, self.size, self.fails = channel, commands, size, False
        self.data = os.open(data, os.O_RDWR)
        self.log = logwrites.Writer(log) if log else None

    def serve(self):
        wanted = [self.channel, self.commands]
        while True:
            ready, _, _ = select.select(wanted, [], [])
            if self.commands in ready and not self.obey():
                wanted.remove(self.commands)
            if self.channel in ready and not self.answer():
                break
        if self.log:
            self.log.close()

    def obey(self):
        """A mark, or a change of the disk's health; its sender waits for the answer. Gives whether there will be more."""
        try:
            verb, text = self.commands.recv()
        except EOFError:
            return False
        if verb == "mark":
            self.log.add(flags=logwrites.MARK, data=text.encode())
        else:
            self.fails = verb == "fail"
        self.commands.send(None)
        return True

    def answer(self):
        """One request; gives whether there will be more."""
        try:
            request = os.read(self.channel, LONGEST + 4096)
        except OSError as error:
            if error.errno == errno.EPERM:      # not mounted yet
                time.sleep(0.01)
            return error.errno != errno.ENODEV  # unmounted
        _, code, unique, *_ = REQUEST.unpack_from(request)
        if code in UNANSWERED:
            return True
        try:
            body, status = self.handle(code, memoryview(request)[REQUEST.size:]), 0
        except OSError as error:
            body, status = b"", -error.errno
        with contextlib.suppress(FileNotFoundError):        # nobody waits for it any more
            os.write(self.channel, ANSWER.pack(ANSWER.size + len(body), status, unique) + body)
        return code != Code.DESTROY

    def handle(self, code, request):
        match code:
            case Code.INIT:
                major, minor = struct.unpack_from("<II", request)
                return struct.pack("<4I2H2I2H2I24x", major, min(minor, 31), 0, BIG_WRITES | MAX_PAGES, 16, 12,
                                   LONGEST, 1, LONGEST >> 12, 0, 0, 0)
            case Code.GETATTR | Code.SETATTR:
                return struct.pack("<QII", 3600, 0, 0) + ATTRIBUTES.pack(
                    1, self.size, self.size >> 9, 0, 0, 0, 0, 0, 0, stat.S_IFREG | 0o600, 1, 0, 0, 0, 4096, 0)
            case Code.OPEN:
                return struct.pack("<QII", 1, 0, 0)
            case Code.READ:
                _, offset, size, *_ = TRANSFER.unpack_from(request)
                return os.pread(self.data, size, offset)
            case Code.WRITE:
                _, offset, size, *_ = TRANSFER.unpack_from(request)
                return self.write(offset, request[TRANSFER.size:TRANSFER.size + size])
            case Code.FSYNC:
                if self.fails:
                    raise OSError(errno.EIO, "failing")
                if self.log:
                    self.log.add(flags=logwrites.FLUSH)
                return b""
            case Code.STATFS:
                return struct.pack("<5Q4I24x", 1 << 20, 1 << 20, 1 << 20, 1, 1, 4096, 255, 4096, 0)
            case Code.RELEASE | Code.FLUSH | Code.DESTROY:
                return b""
        raise OSError(errno.ENOSYS, "unknown request")

    def write(self, offset, data):
        if self.fails:
            raise OSError(errno.EIO, "failing")
        os.pwrite(self.data, data, offset)
        if self.log:
            self.log.add(offset, data)
        return struct.pack("<II", len(data), 0)


class Disk:
    """The disk while it is there."""

    def __init__(self, device, commands):
        self.device, self.commands, self.works = device, commands, True

    def tell(self, verb, text=""):
        self.commands.send((verb, text))
        self.commands.recv()

    def mark(self, text):
        self.tell("mark", text)

    def fail(self):
        self.tell("fail")
        self.works = False

    def repair(self):
        self.tell("repair")
        self.works = True


@contextlib.contextmanager
def served(place, size, log=None):
    """A disk of `size` bytes below the folder `place`; what is written to it goes to `log` too."""
    data, point = pathlib.Path(place) / "data", pathlib.Path(place) / "served"
    with open(data, "wb") as file:
        file.truncate(size)
    point.touch()
    subprocess.run(["modprobe", "-q", "fuse"], check=False)     # built in, or said by the next step
    channel = os.open("/dev/fuse", os.O_RDWR)
    ours, theirs = multiprocessing.Pipe()
    options = f"fd={channel},rootmode=100000,user_id=0,group_id=0,max_read={LONGEST}"
    with contextlib.ExitStack() as stack:
        stack.callback(data.unlink)
        # It answers the first request during the mount.
        process = multiprocessing.get_context("fork").Process(
            target=lambda: Server(channel, theirs, data, log, size).serve(), daemon=True)
        process.start()
        stack.callback(process.join, 60)
        subprocess.run(["mount", "-i", "-t", "fuse", "-o", options, "varve-disk", point], pass_fds=[channel], check=True)
        os.close(channel)
        theirs.close()
        stack.callback(disk.run, "umount", point)
        os.stat(point)      # kernels before 6.18 take the size that they know already
        device = disk.run("losetup", "--find", "--show", point).strip()
        stack.callback(disk.run, "losetup", "--detach", device)
        yield Disk(device, ours)
