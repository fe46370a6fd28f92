// A tar is walked as it flows by, in pieces of any length:
//
//   padding | x header, data, padding | header | payload | padding | header | payload | … | two zero blocks | anything
//   `----------------- segment -----------------' `-file-' `---- segment ---' `-file-' …
//
// What is no payload gathers in `segment`; a payload is only summed up, since the driver has it as a file. Payloads that
// no file will have (sparse members, which are expanded; repeated names; whiteouts) go to segments, too: readers of the
// format reproduce them all the same.

/// Divides a tar into segments and files.
struct TarWalk {
    private enum State {
        case header
        case data(of: UInt8, left: Int)
        case padding(left: Int)
        case payload(left: Int64)
        case raw(left: Int64)
        case sparseMap
        case trailer
    }

    private static let longestSegment = 1 << 20
    private static let longestExtension = 1 << 20
    private var record: SplitRecord
    private var state = State.header
    private var segment: [UInt8] = []
    /// Bytes of the block at hand that are in `segment`.
    private var filled = 0
    private var hadZeroBlock = false
    private var header: TarHeader?
    private var extensions = TarExtension()
    private var name: [UInt8] = []
    private var size: Int64 = 0
    private var sum = CRC64()
    private var names: Set<[UInt8]> = []

    init(record: any ByteSink) { self.record = SplitRecord(record) }

    mutating func take(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = try step(rest)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// The tar is over; what was gathered is handed on.
    mutating func end() throws {
        switch state {
        case .header where filled == 0, .trailer, .padding: break
        default: throw ArchiveError.truncated
        }
        try flushSegment()
        try record.flush()
    }

    /// Takes bytes from the start of `rest`, and says how many.
    private mutating func step(_ rest: UnsafeRawBufferPointer) throws -> Int {
        switch state {
        case .header, .sparseMap: return try takeBlock(rest)
        case .data(let type, let left):
            let count = gather(rest, left)
            state = .data(of: type, left: left - count)
            if left == count { try endData(of: type) }
            return count
        case .padding(let left):
            let count = gather(rest, left)
            state = left == count ? .header : .padding(left: left - count)
            return count
        case .payload(let left):
            let count = Int(min(left, Int64(rest.count)))
            sum.update(UnsafeRawBufferPointer(rebasing: rest[..<count]))
            state = .payload(left: left - Int64(count))
            if left == Int64(count) {
                try record.addFile(name, size: size, sum: sum.bytes)
                pad(size)
            }
            return count
        case .raw(let left):
            let count = gather(rest, Int(min(left, Int64(Self.longestSegment))))
            state = .raw(left: left - Int64(count))
            if left == Int64(count) { pad(size) }
            if segment.count >= Self.longestSegment { try flushSegment() }
            return count
        case .trailer:
            let count = gather(rest, Self.longestSegment)
            try flushSegment()
            return count
        }
    }

    /// A header, or a further block of an old GNU sparse map: byte 504 of that says whether another one follows.
    private mutating func takeBlock(_ rest: UnsafeRawBufferPointer) throws -> Int {
        let count = fillBlock(rest)
        guard filled == TarHeader.length else { return count }
        if case .header = state {
            try endBlock()
        } else {
            filled = 0
            if segment[segment.count - 8] == 0 { try startMember() }
        }
        return count
    }

    private mutating func gather(_ rest: UnsafeRawBufferPointer, _ most: Int) -> Int {
        let count = min(most, rest.count)
        segment.append(contentsOf: rest[..<count])
        return count
    }

    private mutating func fillBlock(_ rest: UnsafeRawBufferPointer) -> Int {
        let count = gather(rest, TarHeader.length - filled)
        filled += count
        return count
    }

    private mutating func flushSegment() throws {
        if !segment.isEmpty { try segment.withUnsafeBytes { try record.addSegment($0) } }
        segment.removeAll(keepingCapacity: true)
    }

    private mutating func pad(_ length: Int64) {
        let left = Int(-length & 511)
        state = left == 0 ? .header : .padding(left: left)
    }

    private mutating func endBlock() throws {
        filled = 0
        let start = segment.count - TarHeader.length
        let block = try segment.withUnsafeBytes { bytes in
            let block = UnsafeRawBufferPointer(rebasing: bytes[start...])
            return TarHeader.isZero(block) ? nil : try TarHeader(block)
        }
        guard let block else {
            if hadZeroBlock {
                state = .trailer
                try flushSegment()
            }
            hadZeroBlock = true
            return
        }
        guard !hadZeroBlock else { throw ArchiveError.damaged(reason: "invalid tar header (after a zero block)") }
        header = block
        switch block.type {
        case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
            guard block.size <= Self.longestExtension else {
                throw ArchiveError.damaged(reason: "invalid tar header (\(block.size) bytes of names or attributes)")
            }
            state = .data(of: block.type, left: Int(block.size))
            if block.size == 0 { try endData(of: block.type) }
        default: if block.hasMoreMap { state = .sparseMap } else { try startMember() }
        }
    }

    private mutating func endData(of type: UInt8) throws {
        guard let header else { return }
        let data = segment.suffix(Int(header.size))
        switch type {
        case UInt8(ascii: "x"): try extensions.readRecords(data)
        case UInt8(ascii: "L"): extensions.readLongName(data)
        case UInt8(ascii: "g"):
            // A member of its own to the reference library; nothing in it holds for other members.
            try flushSegment()
            if isNew(header.name) { try record.addFile(header.name, size: 0, sum: []) }
        default: break
        }
        pad(header.size)
    }

    private mutating func startMember() throws {
        guard let header else { return }
        name = extensions.name ?? header.name
        size = header.hasPayload ? extensions.size ?? header.size : 0
        let isPlain = header.isFile && !extensions.isSparse && name.last != 0x2f && !isWhiteout(name)
        extensions = TarExtension()
        let isNew = isNew(name)
        if isNew { try flushSegment() }
        if isNew && isPlain && size > 0 {
            sum = CRC64()
            state = .payload(left: size)
            return
        }
        if isNew { try record.addFile(name, size: 0, sum: []) }
        if size > 0 { state = .raw(left: size) } else { state = .header }
    }

    private func isWhiteout(_ name: [UInt8]) -> Bool {
        name[((name.lastIndex(of: 0x2f) ?? -1) + 1)...].starts(with: ".wh.".utf8)
    }

    /// Two files of the same cleaned name would be refused by readers of the record.
    private mutating func isNew(_ name: [UInt8]) -> Bool {
        let parts = name.split(separator: 0x2f).filter { !$0.elementsEqual([0x2e]) }
        return names.insert(Array(parts.joined(separator: [0x2f]))).inserted
    }
}
