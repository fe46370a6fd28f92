import Glibc
import Linux
import SystemPackage

/// Asks a daemon on a UNIX socket, one request after the other, on a connection that is kept for the next one.
///
/// Blocking and single-threaded. A response whose body is not read to its end keeps its connection to itself: the next
/// request opens another. So several may be open at once.
package final class Client {
    package let path: String
    private var idle: Stream?
    /// How long the daemon may take for each of the next requests and their answers.
    package var limits = TimeLimits()

    /// Connects at the first request.
    package init(path: String) { self.path = path }

    /// Sends `request` and returns when the head of its answer has come.
    package func send(_ request: ClientRequest) throws -> ClientResponse {
        if let stream = idle {
            idle = nil
            // The daemon may have closed the kept connection meanwhile (it restarts, it limits idle ones).
            if !hasEnded(stream) { return try exchange(request, on: stream) }
        }
        return try exchange(request, on: try Stream(path: path))
    }

    /// Whether a connection is kept that the daemon has not closed.
    package var isConnected: Bool { idle.map { !hasEnded($0) } ?? false }

    /// The process that listens at the other end of the kept connection.
    package var peer: Int32? { idle?.peer }

    /// Connects now, so that what fails later was not for want of a daemon. Throws `ClientError.unreachable`.
    package func connect() throws { idle = try Stream(path: path) }

    private func exchange(_ request: ClientRequest, on stream: Stream) throws -> ClientResponse {
        stream.limits = limits
        do {
            try transmit(request, to: stream)
        } catch let error as SystemError where error.errno == .brokenPipe || error.errno == .connectionReset {
            // The daemon answered early, with an error, and closed: the answer says why.
        }
        return try ClientResponse(stream, isHead: request.method == "HEAD") { [weak self] in self?.idle = stream }
    }

    private func transmit(_ request: ClientRequest, to stream: Stream) throws {
        switch request.body {
        case .none: try stream.write(Array(request.head.utf8))
        case .json(let bytes): try stream.write(Array(request.head.utf8) + bytes)
        case .stream(_, let next):
            try stream.write(Array(request.head.utf8))
            try transmitChunks(next, to: stream)
        }
    }

    /// Each chunk leaves in one write: its size, right-aligned in front of the bytes, and its end behind them.
    private func transmitChunks(_ next: (UnsafeMutableRawBufferPointer) throws -> Int, to stream: Stream) throws {
        let room = 1 << 18
        let front = 10
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: front + room + 2, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try next(UnsafeMutableRawBufferPointer(rebasing: buffer[front..<front + room]))
            if count == 0 { break }
            let size = Array(String(count, radix: 16).utf8) + [13, 10]
            let start = front - size.count
            UnsafeMutableRawBufferPointer(rebasing: buffer[start..<front]).copyBytes(from: size)
            buffer[front + count] = 13
            buffer[front + count + 1] = 10
            try stream.write(UnsafeRawBufferPointer(rebasing: buffer[start..<front + count + 2]))
        }
        try stream.write(Array("0\r\n\r\n".utf8))
    }

    private func hasEnded(_ stream: Stream) -> Bool {
        var query = pollfd(fd: stream.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&query, 1, 0) != 0
    }
}
