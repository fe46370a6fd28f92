import Glibc
import HTTPClient

/// Shows a stream of progress objects: bars on a terminal, plain lines elsewhere.
struct Progress {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var lines: [String] = []

    /// Until the stream ends; an error in it is thrown.
    mutating func show(_ response: ClientResponse) throws {
        var pending: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try response.read(into: buffer)
            pending += buffer[..<count]
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                try one(pending[..<end])
                pending.removeSubrange(...end)
            }
            guard count > 0 else { break }
        }
        try one(pending[...])
    }

    private mutating func one(_ line: ArraySlice<UInt8>) throws {
        guard line.contains(where: { $0 > 32 }) else { return }
        let message = try JSON(line)
        if let error = message["errorDetail"]["message"].string ?? message["error"].string {
            throw Failure(message: error)
        }
        if let text = message["stream"].string { return put(text) }
        guard let status = message["status"].string else { return }
        let detail = message["progressDetail"]
        guard isTerminal else {
            if detail.fields.isEmpty { put((message["id"].string.map { "\($0): " } ?? "") + status + "\n") }
            return
        }
        guard let id = message["id"].string else { return put(status + "\n") }
        onItsLine(id, "\(id): \(status) \(bar(detail))")
    }

    /// Each id has a line of its own, which changes in place.
    private mutating func onItsLine(_ id: String, _ text: String) {
        var up = 0
        if let place = lines.firstIndex(of: id) {
            up = lines.count - place
        } else {
            lines.append(id)
            put("\n")
            up = 1
        }
        put("\u{1B}[\(up)A\r\u{1B}[2K\(text)\u{1B}[\(up)B\r")
    }

    private func bar(_ detail: JSON) -> String {
        guard let current = detail["current"].int, let total = detail["total"].int, total > 0 else { return "" }
        let filled = min(50, current * 50 / total)
        let arrow = filled < 50 ? ">" : ""
        let drawn =
            String(repeating: "=", count: filled) + arrow + String(repeating: " ", count: 50 - filled - arrow.count)
        return "[\(drawn)]  \(humanSize(current, digits: 4))/\(humanSize(total, digits: 4))"
    }
}
