/// Text with tabs, in columns as Docker aligns them (Go's tabwriter): at least ten wide, three spaces between, what is
/// behind a line's last tab as long as it is.
///
/// A column is as wide as its widest cell among the lines next to each other that have it, and at least `least`.
func aligned(_ text: String, least: Int = 10) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    var column = 0
    while lines.contains(where: { $0.count > column + 1 }) {
        var start = 0
        while start < lines.count {
            let end = lines[start...].firstIndex { $0.count <= column + 1 } ?? lines.count
            let width = lines[start..<end].reduce(least) { max($0, $1[column].unicodeScalars.count + 3) }
            for line in start..<end {
                let missing = width - lines[line][column].unicodeScalars.count
                lines[line][column] += String(repeating: " ", count: missing)
            }
            start = max(end, start) + 1
        }
        column += 1
    }
    return lines.map { $0.joined() }.joined(separator: "\n")
}

/// Rows of cells, aligned.
func table(_ rows: [[String]], least: Int = 10) -> String {
    aligned(rows.map { $0.joined(separator: "\t") + "\n" }.joined(), least: least)
}
