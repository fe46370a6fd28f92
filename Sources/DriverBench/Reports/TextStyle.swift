/// How text for a terminal looks: how wide it may be, and whether it has colours.
package struct TextStyle: Sendable {
    /// At least 80.
    package let width: Int
    package let hasColours: Bool

    /// For a file or a pipe, unless something else is said.
    package init(width: Int = 80, hasColours: Bool = false) {
        (self.width, self.hasColours) = (max(80, min(width, 400)), hasColours)
    }

    func title(_ text: String) -> String { painted(text, "1") }
    func good(_ text: String) -> String { painted(text, "32") }
    func warn(_ text: String) -> String { painted(text, "33") }
    func faint(_ text: String) -> String { painted(text, "2") }

    private func painted(_ text: String, _ code: String) -> String {
        hasColours && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    /// Eighths of a character, so that short bars differ, too.
    static func bar(_ part: Double, _ width: Int) -> String {
        guard part > 0 else { return "" }
        let eighths = max(1, Int((min(1, part) * Double(width) * 8).rounded()))
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + rest
    }

    static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - text.count))
        return right ? blanks + text : text + blanks
    }

    /// Rows under each other, two blanks between columns; those in `right` end together.
    static func columns(_ rows: [[String]], right: Set<Int> = []) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { padded($0.element, widths[$0.offset], right: right.contains($0.offset)) }
            return trimmed(cells.joined(separator: "  "))
        }
    }

    static func trimmed(_ line: String) -> String { String(line.reversed().drop { $0 == " " }.reversed()) }
}
