import CLinux
import Glibc
import Linux
import SystemPackage

/// Stands between a process and whoever called: passes signals on, carries the terminal, waits for the end.
///
/// Made before the process is: from then on no signal is lost.
struct Foreground {
    private let signals: Signals
    private static let passed = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGPWR]

    init() throws { signals = try Signals(Self.passed + [SIGWINCH]) }

    /// Returns its status, or 128 and the signal that ended it; `master` is of its terminal, -1: it has none.
    func wait(for pid: Int32, master: CInt) throws -> Int32 {
        let handle = OwnedDescriptor(try sys("watch the process") { linux_pidfd_open(pid, 0) })
        let raw = master >= 0 ? RawTerminal() : nil
        defer { raw?.restore() }
        if master >= 0 { setNonBlocking(master) }
        var carrier = Carrier(master: master)
        while true {
            var entries = [
                pollfd(fd: handle.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            entries += carrier.entries
            guard poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            while let signal = signals.next() {
                if signal == SIGWINCH && master >= 0 { resize(master) } else { pass(signal, handle.rawValue) }
            }
            try carrier.carry()
            if entries[0].revents != 0 { break }
        }
        try carrier.drain()
        var status: CInt = 0
        try sys("collect the process") { waitpid(pid, &status, 0) }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    private func pass(_ signal: CInt, _ handle: CInt) { _ = linux_pidfd_send_signal(handle, signal) }

    /// Gives a terminal the size of the caller's: before its process starts, which may ask at once.
    func resize(_ master: CInt) {
        // Standard input that is no terminal has no size to pass on.
        _ = linux_copy_window(STDIN_FILENO, master)
    }
}

/// Carries bytes between a terminal's master and this process's own streams.
private struct Carrier {
    let master: CInt
    private var pending: [UInt8] = []
    private var inputEnded = false
    private var outputEnded = false
    private var buffer = [UInt8](repeating: 0, count: 1 << 14)

    init(master: CInt) { self.master = master }

    var entries: [pollfd] {
        guard master >= 0 else { return [] }
        var all: [pollfd] = []
        let events = (outputEnded ? 0 : Int16(POLLIN)) | (pending.isEmpty ? 0 : Int16(POLLOUT))
        if events != 0 { all.append(pollfd(fd: master, events: events, revents: 0)) }
        if pending.isEmpty && !inputEnded { all.append(pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)) }
        return all
    }

    mutating func carry() throws {
        guard master >= 0 else { return }
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        if pending.isEmpty, !inputEnded, poll(&input, 1, 0) > 0 {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            // Who waits for the end of what is typed waits for Ctrl-D.
            if count == 0 { pending = [4] }
            if count <= 0 { inputEnded = true } else { pending = Array(buffer[..<count]) }
        }
        while !pending.isEmpty {
            let count = write(master, pending, pending.count)
            if count <= 0 { break }
            pending.removeFirst(count)
        }
        _ = try pull()
    }

    /// What the process wrote last.
    mutating func drain() throws { while master >= 0, try pull() {} }

    /// Returns whether there was something.
    private mutating func pull() throws -> Bool {
        if outputEnded { return false }
        let count = read(master, &buffer, buffer.count)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return false }
        // A terminal whose other end nobody has open any more says EIO.
        guard count > 0 else {
            outputEnded = true
            return false
        }
        var rest = buffer[..<count]
        while !rest.isEmpty {
            let written = try rest.withUnsafeBytes { bytes in
                try sys("write to standard output") { write(STDOUT_FILENO, bytes.baseAddress, bytes.count) }
            }
            rest.removeFirst(written)
        }
        return true
    }
}
