/// Rows in columns as Docker aligns them: at least ten wide, three spaces between, the last one as long as it is.
func table(_ rows: [[String]]) -> String {
    var widths: [Int] = []
    for row in rows {
        for (column, cell) in row.enumerated() {
            if column == widths.count { widths.append(10) }
            widths[column] = max(widths[column], cell.count + 3)
        }
    }
    return rows.map { row in
        row.enumerated().map { column, cell in
            column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
        }.joined() + "\n"
    }.joined()
}
