import OCI

/// An entry of Docker's `local`: a protocol buffer, `LogEntry`, between two copies of its length.
enum LocalEntry {
    /// More is no entry of anybody's: dockerd stops there, too.
    static let longest = 1 << 20

    /// What each copy of the length takes.
    static let lengthSize = 4

    /// The length that stands at the beginning of `bytes`; nil: it is none.
    static func length(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let length = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
        return length <= longest ? length : nil
    }

    /// Fills `entry` from a record with both lengths; false for what is no entry.
    static func read(_ record: UnsafeRawBufferPointer, into entry: inout LogEntry) -> Bool {
        entry.text.removeAll(keepingCapacity: true)
        entry.attributes.removeAll(keepingCapacity: true)
        (entry.isError, entry.time) = (false, Timestamp(seconds: 0))
        var isPartial = false
        var isLast = false
        var scanner = ProtocolBuffer(bytes: record[lengthSize..<(record.count - lengthSize)])
        while let field = scanner.next() {
            switch field {
            case .bytes(1, let source): entry.isError = source.elementsEqual("stderr".utf8)
            case .number(2, let time): entry.time = Timestamp(sinceEpoch: Int64(bitPattern: time))
            case .bytes(3, let line): entry.text += line
            case .number(4, let flag): isPartial = flag != 0
            case .bytes(5, let part): isLast = isLastPart(part)
            default: break
            }
        }
        if !isPartial || isLast { entry.text.append(UInt8(ascii: "\n")) }
        return scanner.isWhole
    }

    private static func isLastPart(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        var scanner = ProtocolBuffer(bytes: bytes)
        while let field = scanner.next() {
            if case .number(1, let flag) = field { return flag != 0 }
        }
        return false
    }
}

extension Timestamp {
    fileprivate init(sinceEpoch nanoseconds: Int64) {
        let (whole, part) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        self.init(seconds: part < 0 ? whole - 1 : whole, nanoseconds: Int32(part < 0 ? part + 1_000_000_000 : part))
    }
}

/// A message's fields, one after the other.
private struct ProtocolBuffer {
    enum Field {
        case number(UInt64, UInt64)
        case bytes(UInt64, Slice<UnsafeRawBufferPointer>)
        case other
    }

    var bytes: Slice<UnsafeRawBufferPointer>
    /// Whether all that was read was right.
    private(set) var isWhole = true

    init(bytes: Slice<UnsafeRawBufferPointer>) { self.bytes = bytes }

    mutating func next() -> Field? {
        guard !bytes.isEmpty else { return nil }
        guard let key = number(), let field = field(key) else {
            isWhole = false
            return nil
        }
        return field
    }

    private mutating func field(_ key: UInt64) -> Field? {
        switch key & 7 {
        case 0: return number().map { .number(key >> 3, $0) }
        case 1: return take(8) == nil ? nil : .other
        case 2: return number().flatMap { take($0) }.map { .bytes(key >> 3, $0) }
        case 5: return take(4) == nil ? nil : .other
        default: return nil
        }
    }

    private mutating func number() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = bytes.popFirst() else { return nil }
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }

    private mutating func take(_ count: UInt64) -> Slice<UnsafeRawBufferPointer>? {
        guard count <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(Int(count)) }
        return bytes.prefix(Int(count))
    }
}
