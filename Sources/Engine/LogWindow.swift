import RuntimeProtocol

/// The part of a log's file that is in memory: from where a record begins.
struct LogWindow {
    private var bytes: [UInt8] = []
    private var start = 0
    private var end = 0
    /// Where in the file the window ends.
    private var offset: Int64
    private var isDamaged = false
    private static let usual = 64 << 10
    /// No record of ours is that long: somebody else wrote it.
    private static let longest = 8 << 20

    init(at offset: Int64 = 0) { self.offset = offset }

    /// Where in the file the next record begins.
    var position: Int64 { offset - Int64(end - start) }

    /// Steps over the next record and gives its place; nil where it is not whole.
    mutating func next(_ format: LogTarget.Format) -> Range<Int>? {
        guard start < end, !isDamaged else { return nil }
        let length = bytes.withUnsafeBytes { format.recordLength(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
        switch length {
        case .whole(let count):
            defer { start += count }
            return start..<(start + count)
        case .notWhole: return nil
        case .damaged:
            isDamaged = true
            return nil
        }
    }

    func read(_ record: Range<Int>, _ format: LogTarget.Format, into entry: inout LogEntry) -> Bool {
        bytes.withUnsafeBytes { format.read(UnsafeRawBufferPointer(rebasing: $0[record]), into: &entry) }
    }

    /// Reads on; false at the end of the file.
    ///
    /// What is there of a record that is not whole is read again: a monitor's successor cuts it off.
    mutating func fill(from source: LogSource) throws -> Bool {
        guard !isDamaged else { return false }
        makeRoom()
        let count = try bytes.withUnsafeMutableBytes {
            try source.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: $0[end...]))
        }
        end += count
        offset += Int64(count)
        if count == 0 { release() }
        return count > 0
    }

    private mutating func makeRoom() {
        if bytes.isEmpty { bytes = [UInt8](repeating: 0, count: Self.usual) }
        if start > 0 {
            bytes.withUnsafeMutableBytes {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0)[start..<end]))
            }
            (start, end) = (0, end - start)
        }
        guard end == bytes.count else { return }
        if bytes.count < Self.longest {
            bytes += [UInt8](repeating: 0, count: bytes.count)
        } else {
            end = 0
        }
    }

    /// Gives the memory back: hundreds may wait at the end of a log.
    private mutating func release() {
        offset = position
        (start, end) = (0, 0)
        bytes = []
    }
}
