/// An answer whose body may still be on its way.
package final class ClientResponse {
    package let status: Int
    private let headers: HeadFields
    /// The connection, raw after a 101.
    package let stream: Stream
    private var body: MessageBody
    /// Called when the body has been read to its end and the connection can serve again.
    private var onEnd: (() -> Void)?

    /// Reads the status line and headers; `100 Continue` and its like are skipped.
    init(_ stream: Stream, isHead: Bool, onEnd: @escaping () -> Void) throws {
        self.stream = stream
        var (status, headers) = try readHead(stream)
        var interim = 0
        while (100..<200).contains(status), status != 101 {
            interim += 1
            guard interim < 100 else { throw ClientError.malformed("a hundred answers that say nothing") }
            (status, headers) = try readHead(stream)
        }
        self.status = status
        self.headers = headers
        self.onEnd = onEnd
        if isHead || status == 204 || status == 304 {
            body = MessageBody(nothingOn: stream)
        } else if status == 101 {
            body = MessageBody(restOf: stream)
        } else {
            body = try MessageBody(stream, headers, endsWithStream: true)
        }
        endIfDone()
    }

    package func header(_ name: String) -> String? { headers[name.lowercased()] }

    /// Reads what is there of the body, waiting for the first byte: 0 at its end. Throws `brokenOff`.
    package func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        defer { endIfDone() }
        return try body.read(into: target)
    }

    /// The whole body; throws `tooLarge` where it has more bytes than that.
    package func readAll(limit: Int = .max) throws -> [UInt8] {
        defer { endIfDone() }
        return try body.readAll(limit: limit)
    }

    private func endIfDone() {
        guard body.hasEnded, let onEnd else { return }
        self.onEnd = nil
        if headers["connection"]?.lowercased() != "close" { onEnd() }
    }
}

private func readHead(_ stream: Stream) throws -> (Int, HeadFields) {
    let line = try stream.line()
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
        throw ClientError.malformed("status line \(line)")
    }
    return (status, try HeadFields(stream))
}
