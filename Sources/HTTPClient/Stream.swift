import Glibc
import Linux
import SystemPackage

/// A connected UNIX socket with a read buffer in front.
package final class Stream {
    private let socket: CInt
    private var buffer: [UInt8] = []
    private var start = 0
    /// How long the other side may take; nothing: for ever.
    var limits = TimeLimits()

    /// Connects to the socket at `path`; throws `ClientError.unreachable`.
    package init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw ClientError.unreachable(path: path, .fileNameTooLong)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        socket = try sys("create a socket") { Glibc.socket(AF_UNIX, type, 0) }
        do {
            try connectTo(&address)
        } catch let error as SystemError {
            throw ClientError.unreachable(path: path, error.errno)
        }
    }

    /// Takes over a socket that is connected: it is closed with this stream.
    package init(adopting socket: CInt) { self.socket = socket }

    deinit { close(socket) }

    /// Waits no longer than `patience` for room in the queue of a listener that takes no connections any more.
    private func connectTo(_ address: inout sockaddr_un) throws {
        setPatience(Self.patience)
        defer { setPatience(0) }  // later, `limits` say it
        try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = try sys("connect") { connect(socket, address, socklen_t(MemoryLayout<sockaddr_un>.size)) }
            }
        }
    }

    private static let patience = 2  // seconds

    private func setPatience(_ seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// For `poll`; valid while this stream lives.
    package var descriptor: CInt { socket }

    /// The process that listens at the other end, as the kernel knows it (`man 7 unix`, SO_PEERCRED); nil: it doesn't say.
    var peer: Int32? {
        var credentials: [UInt32] = [0, 0, 0]  // struct ucred: the process first
        var length = socklen_t(12)
        let result = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
        return result == 0 ? Int32(bitPattern: credentials[0]) : nil
    }

    /// Whether bytes wait in the buffer, which `poll` does not see.
    package var hasBuffered: Bool { start < buffer.count }

    /// Reads what is there, waiting for the first byte: 0 at the end.
    package func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        if hasBuffered {
            let count = min(target.count, buffer.count - start)
            buffer.withUnsafeBytes {
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
            }
            start += count
            return count
        }
        return try receive(target)
    }

    /// Reads a line without its CRLF. Throws `brokenOff` at the end.
    package func line() throws -> String {
        while true {
            if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                let line = buffer[start..<end]
                return String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            }
            guard buffer.count - start < 1 << 17 else { throw ClientError.malformed("a line of more than 128 KiB") }
            guard try fill() > 0 else { throw ClientError.brokenOff }
        }
    }

    /// Sends all of `bytes`. Throws `SystemError` with `brokenPipe` where the daemon has closed.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while let base = rest.baseAddress, rest.count > 0 {
            let flags = CInt(MSG_NOSIGNAL) | (limits.areSet ? CInt(MSG_DONTWAIT) : 0)
            let sent: Int
            do throws(SystemError) {
                sent = try sys("write to the daemon") { send(socket, base, rest.count, flags) }
            } catch {
                guard limits.areSet, error.errno == .wouldBlock else { throw error }
                try limits.wait(for: POLLOUT, on: socket)
                continue
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(sent))
        }
    }

    package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes(write) }

    /// Ends the sending side; the daemon may go on.
    package func finishWriting() { _ = shutdown(socket, CInt(SHUT_WR)) }

    private func fill() throws -> Int {
        buffer.removeFirst(start)  // or lines that end in the middle of what comes would pile up
        start = 0
        let used = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: 16384))
        let count = try buffer.withUnsafeMutableBytes {
            try receive(UnsafeMutableRawBufferPointer(rebasing: $0[used...]))
        }
        buffer.removeLast(16384 - count)
        return count
    }

    /// A daemon that closed hard has ended, too.
    private func receive(_ target: UnsafeMutableRawBufferPointer) throws -> Int {
        try limits.wait(for: POLLIN, on: socket)
        do {
            return try sys("read from the daemon") { recv(socket, target.baseAddress, target.count, 0) }
        } catch {
            if error.errno == .connectionReset { return 0 }
            throw error
        }
    }
}
