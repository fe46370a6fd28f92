import Archive
import HTTPClient
import HTTPServer

/// The head of a call: which, and how its body comes.
struct CallHead {
    /// What is asked for, without its query.
    let path: String
    let query: Query
    let isPost: Bool
    /// Whether the connection stays for the next call.
    let isKept: Bool
    let fields: HeadFields

    /// Waits for one; throws `ClientError.brokenOff` where none comes any more.
    init(_ stream: Stream) throws {
        let line = try stream.line()
        let words = line.split(separator: " ")
        guard words.count == 3, words[2] == "HTTP/1.1" else {
            throw ClientError.malformed("this is HTTP/1.1, and no '\(line.prefix(100))'")
        }
        let parts = words[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = Query(parts.count > 1 ? parts[1] : "")
        isPost = words[0] == "POST"
        fields = try HeadFields(stream)
        isKept = fields["connection"]?.lowercased() != "close"
    }
}

/// The body of a call, which may be a layer.
final class CallBody: ByteSource {
    private var body: MessageBody

    /// Tells a client that waits for it to go on.
    init(_ stream: Stream, _ head: CallHead) throws {
        body = try MessageBody(stream, head.fields, endsWithStream: false)
        if head.fields["expect"] != nil { try stream.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try body.read(into: buffer) }

    /// All of a small one.
    func collect() throws -> [UInt8] { try body.readAll(limit: 4 << 20) }

    /// Reads what is left: who is still sending would not get to see the answer.
    func drain() throws {
        if body.hasEnded { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while try body.read(into: buffer) > 0 {}
    }
}

extension Stream {
    /// Sends an answer as a whole, in one piece: the client wakes up once.
    func answer(status: Int, _ type: String, _ bytes: [UInt8], isKept: Bool) throws {
        let end = isKept ? "\r\n" : "Connection: close\r\n\r\n"
        let text = "\(answerHead(status, type))Content-Length: \(bytes.count)\r\n\(end)"
        try write(Array(text.utf8) + bytes)
    }
}

private func answerHead(_ status: Int, _ type: String) -> String {
    let words = [200: "OK", 400: "Bad Request", 404: "Not Found"][status] ?? "Internal Server Error"
    return "HTTP/1.1 \(status) \(words)\r\nServer: varve\r\nContent-Type: \(type)\r\n"
}

/// A layer on its way to a client, in chunks.
///
/// Nothing is sent before the first chunk is full, or the layer ends: until then an error can still be told.
final class ChunkSink: ByteSink {
    private static let room = 1 << 18
    /// Before each chunk its size, right-aligned.
    private static let front = 10

    private let stream: Stream
    private let isKept: Bool
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: front + room + 2, alignment: 16)
    private var count = 0
    /// Whether the client has got any of it.
    private(set) var hasBegun = false

    init(_ stream: Stream, isKept: Bool) {
        self.stream = stream
        self.isKept = isKept
    }

    deinit { buffer.deallocate() }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while rest.count > 0 {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.room - count))
            let start = Self.front + count
            UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + piece.count]).copyMemory(from: piece)
            count += piece.count
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            if count == Self.room { try flush() }
        }
    }

    /// Sends what is left, and the last chunk, without which it was not all.
    func finish() throws {
        try flush()
        try stream.write(Array("0\r\n\r\n".utf8))
    }

    private func flush() throws {
        if !hasBegun {
            hasBegun = true
            let end = isKept ? "\r\n" : "Connection: close\r\n\r\n"
            let text = "\(answerHead(200, "application/x-tar"))Transfer-Encoding: chunked\r\n\(end)"
            try stream.write(Array(text.utf8))
        }
        guard count > 0 else { return }
        let size = Array(String(count, radix: 16).utf8) + [13, 10]
        let start = Self.front - size.count
        UnsafeMutableRawBufferPointer(rebasing: buffer[start..<Self.front]).copyBytes(from: size)
        let end = Self.front + count
        (buffer[end], buffer[end + 1]) = (13, 10)
        count = 0
        try stream.write(UnsafeRawBufferPointer(rebasing: buffer[start..<end + 2]))
    }
}
