/// One 512-byte header block of a tar, as far as tar-split needs it: name, type and length of what follows.
struct TarHeader {
    static let length = 512
    let name: [UInt8]
    let type: UInt8
    let size: Int64
    /// Old GNU sparse: more blocks of the map follow.
    let hasMoreMap: Bool

    /// Reads a block that is not all zeros.
    init(_ block: UnsafeRawBufferPointer) throws {
        guard Self.hasRightSum(block) else { throw ArchiveError.damaged(reason: "invalid tar header (wrong checksum)") }
        type = block[156]
        size = try Self.number(block, 124, 12)
        hasMoreMap = type == UInt8(ascii: "S") && block[482] != 0
        var name = Self.text(block, 0, 100)
        // The prefix field is POSIX's; GNU has other things there, and so has star in its last bytes.
        if block[257..<263].elementsEqual("ustar\0".utf8) {
            let isStar = block[508..<512].elementsEqual("tar\0".utf8)
            let prefix = Self.text(block, 345, isStar ? 131 : 155)
            if !prefix.isEmpty { name = prefix + [0x2f] + name }
        }
        self.name = name
    }

    static func isZero(_ block: UnsafeRawBufferPointer) -> Bool { block.allSatisfy { $0 == 0 } }

    /// Types `1` to `6` are headers only, whatever their size field says.
    var hasPayload: Bool { !(UInt8(ascii: "1")...UInt8(ascii: "6")).contains(type) }
    /// A plain file, whose content can be found again by its name.
    var isFile: Bool { type == 0 || type == UInt8(ascii: "0") || type == UInt8(ascii: "7") }

    static func text(_ block: UnsafeRawBufferPointer, _ start: Int, _ length: Int) -> [UInt8] {
        Array(block[start..<start + length].prefix { $0 != 0 })
    }

    private static func hasRightSum(_ block: UnsafeRawBufferPointer) -> Bool {
        guard let told = try? number(block, 148, 8) else { return false }
        var (unsigned, signed) = (Int64(8 * 0x20), Int64(8 * 0x20))
        for (index, byte) in block.enumerated() where !(148..<156).contains(index) {
            unsigned += Int64(byte)
            signed += Int64(Int8(bitPattern: byte))
        }
        return told == unsigned || told == signed
    }

    /// Octal digits, or with the top bit set GNU's base 256.
    private static func number(_ block: UnsafeRawBufferPointer, _ start: Int, _ length: Int) throws -> Int64 {
        let field = block[start..<start + length]
        let invalid = ArchiveError.damaged(reason: "invalid tar header (not a number)")
        if let first = field.first, first & 0x80 != 0 {
            guard first & 0x40 == 0 else { throw invalid }
            var value = Int64(first & 0x3f)
            for byte in field.dropFirst() {
                guard value < 1 << 55 else { throw invalid }
                value = value << 8 | Int64(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 0x20 || $0 == 0 }.prefix { $0 != 0x20 && $0 != 0 }
        var value: Int64 = 0
        for digit in digits {
            guard (0x30...0x37).contains(digit) else { throw invalid }
            value = value << 3 | Int64(digit - 0x30)
        }
        return value
    }
}

/// What PAX records (`x` headers) and GNU long names say about the next member.
struct TarExtension {
    private(set) var name: [UInt8]?
    private(set) var size: Int64?
    private(set) var isSparse = false

    /// Takes the name from a GNU `L` header.
    mutating func readLongName(_ data: ArraySlice<UInt8>) { name = Array(data.prefix { $0 != 0 }) }

    /// Takes records `length key=value\n`.
    mutating func readRecords(_ data: ArraySlice<UInt8>) throws {
        let invalid = ArchiveError.damaged(reason: "invalid tar header (PAX record)")
        var rest = data
        var sparseName: [UInt8]?
        while !rest.isEmpty {
            let digits = rest.prefix { $0 != 0x20 }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 2,
                length <= rest.count
            else { throw invalid }
            let record = rest.prefix(length).dropFirst(digits.count + 1)
            rest = rest.dropFirst(length)
            guard record.last == 0x0a, let equals = record.firstIndex(of: 0x3d) else { throw invalid }
            let value = record[(equals + 1)...].dropLast()
            let key = String(decoding: record[..<equals], as: UTF8.self)
            switch key {
            case "path", "linkpath", "GNU.sparse.name":
                guard !value.contains(0) else {
                    throw ArchiveError.invalidName(
                        member: String(decoding: value.prefix { $0 != 0 }, as: UTF8.self),
                        reason: "a NUL byte"
                    )
                }
                if key == "path" { name = value.isEmpty ? nil : Array(value) }
                if key == "GNU.sparse.name" { sparseName = Array(value) }
            case "size":
                size = value.isEmpty ? nil : Int64(String(decoding: value, as: UTF8.self))
                guard value.isEmpty || (size ?? -1) >= 0 else { throw invalid }
            default: break
            }
            if key.hasPrefix("GNU.sparse.") { isSparse = true }
        }
        if let sparseName { name = sparseName }
    }
}
