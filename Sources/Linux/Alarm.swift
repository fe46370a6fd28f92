import Glibc

/// A bell that one thread rings once, and another waits for; the kernel's `eventfd`.
public struct Alarm: ~Copyable, Sendable {
    private let event: OwnedDescriptor

    /// A bell that has not rung.
    public init() throws { event = OwnedDescriptor(try sys("make an eventfd") { eventfd(0, CInt(EFD_CLOEXEC.rawValue)) }) }

    /// Wakes who waits, now or later.
    public func ring() { _ = eventfd_write(event.rawValue, 1) }

    /// Waits that long at most; true if it has rung.
    public func wait(milliseconds: Int32) -> Bool {
        var wanted = pollfd(fd: event.rawValue, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, milliseconds) > 0
    }
}
