import Archive
import Hashing
import OCI
import SystemPackage

extension LayerDatabase {
    /// How many bytes the layer's tar has, told from its tar-split record alone, where there is one.
    func tarSize(of layer: Layer) throws -> Int64 {
        if isKeptByDriver(layer) {
            let counting = HashingSink()
            try writeTar(of: layer, to: counting)
            return counting.count
        }
        let record = try GunzipSource(FileSource(opening: record(of: layer)))
        var counter = TarSizeCounter()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while case let count = try record.read(into: buffer), count > 0 {
            for byte in buffer[..<count] { counter.take(byte) }
        }
        return counter.total
    }
}

/// Adds up a tar-split record: a file's `size`, a segment's payload.
///
/// It reads the JSON byte by byte and keeps nothing of it but numbers: a segment can be a megabyte long.
struct TarSizeCounter {
    private(set) var total: Int64 = 0
    private var isInString = false
    private var isEscaped = false
    private var isValue = false
    /// The current string, or number, while it is short enough to matter.
    private var word: [UInt8] = []
    private var length: Int64 = 0
    private var padding: Int64 = 0
    private var key: [UInt8] = []
    // Of the current object.
    private var type: Int64 = 0
    private var size: Int64 = 0
    private var payload: Int64 = 0

    mutating func take(_ byte: UInt8) {
        if isInString { return takeInString(byte) }
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            (length, padding, word) = (0, 0, [])
        case UInt8(ascii: ":"):
            key = word
            word = []
            isValue = true
        case UInt8(ascii: ","): endValue()
        case UInt8(ascii: "}"):
            endValue()
            // A damaged record may name anything; the length that is told with a layer is no promise.
            total = total.addingReportingOverflow(type == 1 ? size : payload).partialValue
            (type, size, payload) = (0, 0, 0)
        case 0x30...0x39: word.append(byte)
        default: break
        }
    }

    private mutating func takeInString(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
            // Base64 has four letters for three bytes; `=` stands for a byte that is not there.
            if isValue, key.elementsEqual("payload".utf8) { payload = length / 4 * 3 - padding }
            return
        }
        length += 1
        if byte == UInt8(ascii: "=") { padding += 1 }
        if word.count < 16 { word.append(byte) }
    }

    private mutating func endValue() {
        let number = Int64(String(decoding: word, as: UTF8.self)) ?? 0
        if key.elementsEqual("type".utf8) { type = number }
        if key.elementsEqual("size".utf8) { size = number }
        (isValue, word, key) = (false, [], [])
    }
}
