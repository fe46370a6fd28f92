/// What follows the head of a request or an answer, read once from its beginning to its end.
package struct MessageBody {
    /// How its end is told.
    private enum Framing { case length(Int), chunk(left: Int), untilClose, ended }

    private let stream: Stream
    private var framing: Framing

    /// As the head's fields say; nothing is there if they don't, or all until the other side closes.
    package init(_ stream: Stream, _ fields: HeadFields, endsWithStream: Bool) throws {
        self.stream = stream
        framing = endsWithStream ? .untilClose : .ended
        if fields["transfer-encoding"]?.lowercased() == "chunked" {
            framing = .chunk(left: -1)
        } else if let text = fields["content-length"] {
            guard let length = Int(text), length >= 0 else { throw ClientError.malformed("a body of \(text) bytes") }
            framing = length == 0 ? .ended : .length(length)
        }
    }

    /// None at all.
    init(nothingOn stream: Stream) {
        self.stream = stream
        framing = .ended
    }

    /// All that comes.
    init(restOf stream: Stream) {
        self.stream = stream
        framing = .untilClose
    }

    /// Whether it was read to its end, so that the connection can serve again.
    package var hasEnded: Bool { if case .ended = framing { true } else { false } }

    /// Reads what is there, waiting for the first byte: 0 at its end. Throws `brokenOff`.
    package mutating func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        switch framing {
        case .ended: return 0
        case .untilClose: return try stream.read(into: target)
        case .length(let left):
            let count = try some(of: left, into: target)
            framing = left == count ? .ended : .length(left - count)
            return count
        case .chunk(var left):
            if left <= 0 {
                left = try nextChunk(isFirst: left < 0)
                if left == 0 { return 0 }
            }
            let count = try some(of: left, into: target)
            framing = .chunk(left: left - count)
            return count
        }
    }

    /// All of it; throws `tooLarge` where it has more bytes than that.
    package mutating func readAll(limit: Int = .max) throws -> [UInt8] {
        if case .length(let left) = framing {
            guard left <= limit else { throw ClientError.tooLarge(limit: limit) }
            if left <= Self.piece { return try readWhole(left) }
        }
        var all: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.piece, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            if count == 0 { return all }
            guard count <= limit - all.count else { throw ClientError.tooLarge(limit: limit) }
            all.append(contentsOf: buffer[..<count])
        }
    }

    private static let piece = 65536

    /// A small one, into the memory that it is kept in.
    private mutating func readWhole(_ length: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: length) { bytes, done in
            let room = UnsafeMutableRawBufferPointer(bytes)
            while done < length { done += try read(into: UnsafeMutableRawBufferPointer(rebasing: room[done...])) }
        }
    }

    private func some(of left: Int, into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: target.prefix(left)))
        guard count > 0 else { throw ClientError.brokenOff }
        return count
    }

    private mutating func nextChunk(isFirst: Bool) throws -> Int {
        if !isFirst, try stream.line() != "" { throw ClientError.malformed("a chunk without its end") }
        let line = try stream.line()
        guard let size = Int(line.prefix { $0 != ";" && $0 != " " }, radix: 16), size >= 0 else {
            throw ClientError.malformed("chunk size \(line)")
        }
        if size == 0 {
            _ = try HeadFields(stream)  // trailers
            framing = .ended
        }
        return size
    }
}

/// The fields of a head, their names in small letters.
package struct HeadFields {
    private var fields: [(name: String, value: String)] = []

    /// Reads them, and the empty line behind them.
    package init(_ stream: Stream) throws {
        while true {
            let field = try stream.line()
            if field.isEmpty { return }
            guard fields.count < 256 else { throw ClientError.malformed("more than 256 headers") }
            guard let colon = field.utf8.firstIndex(of: UInt8(ascii: ":")) else {
                throw ClientError.malformed("header \(field)")
            }
            let value = field[field.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields.append((field[..<colon].lowercased(), String(value)))
        }
    }

    /// The first of that name, which is in small letters.
    package subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
