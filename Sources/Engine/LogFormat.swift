import RuntimeProtocol

/// How a log's bytes are taken apart.
extension LogTarget.Format {
    /// How long the first record of `bytes` is, its end included.
    enum Length { case whole(Int), notWhole, damaged }

    func recordLength(_ bytes: UnsafeRawBufferPointer) -> Length {
        switch self {
        case .jsonFile: return bytes.firstOffset(of: UInt8(ascii: "\n")).map { .whole($0 + 1) } ?? .notWhole
        case .local:
            guard bytes.count >= LocalEntry.lengthSize else { return .notWhole }
            guard let length = LocalEntry.length(bytes) else { return .damaged }
            let whole = length + 2 * LocalEntry.lengthSize
            return bytes.count >= whole ? .whole(whole) : .notWhole
        }
    }

    /// Fills `entry` from a whole record; false for what is no entry.
    func read(_ record: UnsafeRawBufferPointer, into entry: inout LogEntry) -> Bool {
        switch self {
        case .jsonFile: JSONFileEntry.read(UnsafeRawBufferPointer(rebasing: record.dropLast()), into: &entry)
        case .local: LocalEntry.read(record, into: &entry)
        }
    }
}
