import OCI

/// The record of a tar that tar-split keeps: JSON objects, one a line, in Go's spelling, to be byte-identical to what
/// the reference library writes.
struct SplitRecord {
    private let sink: any ByteSink
    private var text: [UInt8] = []
    private var position = 0

    init(_ sink: any ByteSink) { self.sink = sink }

    /// Raw bytes of the tar: headers, padding, and what has no file.
    mutating func addSegment(_ bytes: UnsafeRawBufferPointer) throws {
        text += #"{"type":2,"payload":""#.utf8
        Base64.encode(bytes, to: &text)
        text += "\"".utf8
        try endLine()
    }

    /// A member. Its content is in the file of that name, with this checksum, or there is none.
    mutating func addFile(_ name: [UInt8], size: Int64, sum: [UInt8]) throws {
        text += #"{"type":1"#.utf8
        if String(validating: name, as: UTF8.self) == nil {
            text += #","name_raw":""#.utf8
            name.withUnsafeBytes { Base64.encode($0, to: &text) }
            text += "\"".utf8
        } else if !name.isEmpty {
            text += #","name":""#.utf8
            addEscaped(name)
            text += "\"".utf8
        }
        if size > 0 {
            text += ",\"size\":\(size),\"payload\":\"".utf8
            sum.withUnsafeBytes { Base64.encode($0, to: &text) }
            text += "\"".utf8
        } else {
            text += ",\"payload\":null".utf8
        }
        try endLine()
    }

    /// Go's encoding/json escapes what HTML and JavaScript would trip over.
    private mutating func addEscaped(_ name: [UInt8]) {
        var index = 0
        while index < name.count {
            let byte = name[index]
            switch byte {
            case 0x22: text += "\\\"".utf8
            case 0x5c: text += "\\\\".utf8
            case 0x0a: text += "\\n".utf8
            case 0x0d: text += "\\r".utf8
            case 0x09: text += "\\t".utf8
            case 0..<0x20, 0x26, 0x3c, 0x3e:
                let digits = Array("0123456789abcdef".utf8)
                text += "\\u00".utf8
                text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            case 0xe2
            where name[index...].starts(with: [0xe2, 0x80, 0xa8]) || name[index...].starts(with: [0xe2, 0x80, 0xa9]):
                text += (name[index + 2] == 0xa8 ? "\\u2028" : "\\u2029").utf8
                index += 2
            default: text.append(byte)
            }
            index += 1
        }
    }

    private mutating func endLine() throws {
        text += ",\"position\":\(position)}\n".utf8
        position += 1
        if text.count >= 1 << 16 { try flush() }
    }

    /// Hands on what was gathered.
    mutating func flush() throws {
        try sink.write(text)
        text.removeAll(keepingCapacity: true)
    }
}
