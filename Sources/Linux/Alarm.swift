import Glibc

/// A bell that one thread rings once, and another waits for.
public final class Alarm: Sendable {
    private let reading: OwnedDescriptor
    private let writing: OwnedDescriptor

    /// A bell that has not rung.
    public init() throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { pipe(&ends) }
        // The daemon spawns with everything closed but what it names; this is for what it does not know.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = OwnedDescriptor(ends[0])
        writing = OwnedDescriptor(ends[1])
    }

    /// Wakes who waits, now or later.
    public func ring() {
        var byte: UInt8 = 1
        _ = write(writing.rawValue, &byte, 1)
    }

    /// Waits that long at most; true if it has rung.
    public func wait(milliseconds: Int32) -> Bool {
        var wanted = pollfd(fd: reading.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, milliseconds) > 0
    }
}
