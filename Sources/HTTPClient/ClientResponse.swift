/// An answer whose body may still be on its way.
package final class ClientResponse {
    package let status: Int
    private let headers: [(String, String)]
    /// The connection, raw after a 101.
    package let stream: Stream
    private var body: Framing
    /// Called when the body has been read to its end and the connection can serve again.
    private var onEnd: (() -> Void)?

    private enum Framing { case none, length(Int), chunk(left: Int), untilClose, ended }

    /// Reads the status line and headers; `100 Continue` and its like are skipped.
    init(_ stream: Stream, isHead: Bool, onEnd: @escaping () -> Void) throws {
        self.stream = stream
        var (status, headers) = try readHead(stream)
        while (100..<200).contains(status), status != 101 { (status, headers) = try readHead(stream) }
        self.status = status
        self.headers = headers
        self.onEnd = onEnd
        body = .untilClose
        if isHead || status == 204 || status == 304 {
            body = .none
        } else if status == 101 {
            body = .untilClose
        } else if header("Transfer-Encoding")?.lowercased() == "chunked" {
            body = .chunk(left: -1)
        } else if let length = header("Content-Length").flatMap(Int.init) {
            body = .length(length)
        }
        if case .none = body { end() }
        if case .length(0) = body { end() }
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.0 == name.lowercased() }?.1
    }

    /// Reads what is there of the body, waiting for the first byte: 0 at its end. Throws `brokenOff`.
    package func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        switch body {
        case .none, .ended: return 0
        case .untilClose: return try stream.read(into: target)
        case .length(let left):
            let count = try some(of: left, into: target)
            body = .length(left - count)
            if left == count { end() }
            return count
        case .chunk(var left):
            if left <= 0 {
                left = try nextChunk(isFirst: left < 0)
                if left == 0 { return 0 }
            }
            let count = try some(of: left, into: target)
            body = .chunk(left: left - count)
            return count
        }
    }

    /// The whole body.
    package func readAll() throws -> [UInt8] {
        var all: [UInt8] = []
        let size = 65536
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            if count == 0 { return all }
            all.append(contentsOf: buffer[..<count])
        }
    }

    private func some(of left: Int, into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: target.prefix(left)))
        guard count > 0 else { throw ClientError.brokenOff }
        return count
    }

    private func nextChunk(isFirst: Bool) throws -> Int {
        if !isFirst, try stream.line() != "" { throw ClientError.malformed("a chunk without its end") }
        let line = try stream.line()
        guard let size = Int(line.prefix { $0 != ";" && $0 != " " }, radix: 16), size >= 0 else {
            throw ClientError.malformed("chunk size \(line)")
        }
        if size == 0 {
            while try stream.line() != "" {}
            end()
        }
        return size
    }

    private func end() {
        body = .ended
        if header("Connection")?.lowercased() != "close" { onEnd?() }
        onEnd = nil
    }
}

private func readHead(_ stream: Stream) throws -> (Int, [(String, String)]) {
    let line = try stream.line()
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
        throw ClientError.malformed("status line \(line)")
    }
    var headers: [(String, String)] = []
    while true {
        let field = try stream.line()
        if field.isEmpty { return (status, headers) }
        guard let colon = field.firstIndex(of: ":") else { throw ClientError.malformed("header \(field)") }
        let value = field[field.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        headers.append((field[..<colon].lowercased(), String(value)))
    }
}
