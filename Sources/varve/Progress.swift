import Glibc
import HTTPClient

/// Shows a stream of progress objects: bars on a terminal, plain lines elsewhere.
struct Progress {
    private let isQuiet: Bool
    private let output: CInt
    private let isTerminal: Bool
    /// Whose line is which, from the first one that still changes to the last.
    private var lines: [String] = []

    /// Errors are thrown also by one that `isQuiet`.
    init(isQuiet: Bool = false, output: CInt = STDOUT_FILENO) {
        (self.isQuiet, self.output) = (isQuiet, output)
        isTerminal = isatty(output) == 1
    }

    /// Until the stream ends; an error in it is thrown.
    mutating func show(_ response: ClientResponse) throws { try eachLine(of: response) { try one($0) } }

    private mutating func one(_ line: ArraySlice<UInt8>) throws {
        let message = try JSON(line)
        if let error = message["errorDetail"]["message"].string ?? message["error"].string {
            throw Failure(message: error)
        }
        if isQuiet { return }
        if let text = message["stream"].string { return said(text) }
        guard let status = message["status"].string else { return }
        let detail = message["progressDetail"]
        guard let id = message["id"].string else { return said(status + "\n") }
        guard isTerminal, !detail.isNull else {
            if detail.fields.isEmpty { said("\(id): \(status)\n") }
            return
        }
        onItsLine(id, status, detail)
    }

    /// What stands for itself. The lines above it do not change any more: they may be anywhere now.
    private mutating func said(_ text: String) {
        lines = []
        put(text, to: output)
    }

    /// Each id has a line of its own, which changes in place.
    private mutating func onItsLine(_ id: String, _ status: String, _ detail: JSON) {
        let size = terminalSize(output)
        if !lines.contains(id) {
            lines.append(id)
            put("\n", to: output)
        }
        let up = lines.count - (lines.firstIndex(of: id) ?? 0)
        // What has left the screen at its top can't be reached.
        guard size.rows == 0 || up < size.rows else { return }
        let text = fitted("\(id): \(status)", detail, columns: size.columns > 0 ? size.columns : 80)
        put("\u{1B}[\(up)A\r\u{1B}[2K\(text)\u{1B}[\(up)B\r", to: output)
    }

    /// One line of the terminal, never more: a second one would put all others in the wrong place.
    private func fitted(_ name: String, _ detail: JSON, columns: Int) -> String {
        let counts = counts(detail)
        let room = columns - 1 - name.count - 1 - counts.count
        var text = name
        if let share = share(detail), room >= 14 { text += " " + bar(share, width: min(50, room - 4)) }
        if !counts.isEmpty { text += " " + counts }
        return String(text.prefix(columns - 1))
    }

    private func share(_ detail: JSON) -> Double? {
        guard let current = detail["current"].double, let total = detail["total"].double, total > 0 else { return nil }
        return max(0, min(1, current / total))
    }

    private func bar(_ share: Double, width: Int) -> String {
        let filled = Int(share * Double(width))
        let arrow = filled < width ? ">" : ""
        let space = String(repeating: " ", count: width - filled - arrow.count)
        return "[\(String(repeating: "=", count: filled))\(arrow)\(space)]"
    }

    /// `1.2MB/3.4MB`; where it is not known how much there will be, what there is.
    private func counts(_ detail: JSON) -> String {
        guard let current = detail["current"].int, current > 0 || detail["total"].int ?? 0 > 0 else { return "" }
        if let units = detail["units"].string, !units.isEmpty { return "\(current) \(units)" }
        let done = humanSize(current, digits: 4)
        let gap = String(repeating: " ", count: max(0, 8 - done.count))
        guard let total = detail["total"].int, total >= current else { return gap + done }
        return "\(gap)\(done)/\(humanSize(total, digits: 4))"
    }
}

/// Reads a stream of JSON objects, one a line, until it ends; empty lines mean nothing.
func eachLine(of response: ClientResponse, _ body: (ArraySlice<UInt8>) throws -> Void) throws {
    var pending: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
    defer { buffer.deallocate() }
    func take(_ line: ArraySlice<UInt8>) throws { if line.contains(where: { $0 > 32 }) { try body(line) } }
    while true {
        let count = try response.read(into: buffer)
        pending += buffer[..<count]
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            try take(pending[..<end])
            pending.removeSubrange(...end)
        }
        guard count > 0 else { break }
    }
    try take(pending[...])
}
