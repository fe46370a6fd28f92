import CLinux
import Glibc

/// Docker's `local`: a protocol buffer (`LogEntry`) between two copies of its length, four bytes each, so that it can be read
/// from either end.
struct LocalEncoder: LogEncoder {
    /// The parts of a line that is not at its end yet, by stream: the time of the first, and how many there were.
    private var parts: [(time: Int64, count: UInt64)] = [(0, 0), (0, 0), (0, 0)]
    private var message: [UInt8] = []

    mutating func append(_ line: [UInt8], stream: UInt8, time: timespec, to entries: inout [UInt8]) {
        let nanoseconds = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        let isWhole = line.last == UInt8(ascii: "\n")
        message.removeAll(keepingCapacity: true)
        add(field: 1, (stream == 1 ? "stdout" : "stderr").utf8)
        add(field: 2, UInt64(bitPattern: nanoseconds))
        add(field: 3, isWhole ? line.dropLast() : line[...])
        let index = Int(stream)
        if isWhole {
            parts[index].count = 0
        } else {
            if parts[index].count == 0 { parts[index].time = nanoseconds }
            parts[index].count += 1
            addPart("\(parts[index].time)", parts[index].count)
        }
        let length = withUnsafeBytes(of: UInt32(message.count).bigEndian, Array.init)
        entries += length
        entries += message
        entries += length
    }

    /// That the line goes on: the name that its parts share, and which one this is.
    private mutating func addPart(_ name: String, _ ordinal: UInt64) {
        add(field: 4, 1)
        let count = UInt64(2 + name.utf8.count + 1) + Self.length(ordinal)
        addNumber(5 << 3 | 2)
        addNumber(count)
        add(field: 2, name.utf8)
        add(field: 3, ordinal)
    }

    private mutating func add(field: UInt64, _ number: UInt64) {
        addNumber(field << 3)
        addNumber(number)
    }

    private mutating func add(field: UInt64, _ bytes: some Collection<UInt8>) {
        addNumber(field << 3 | 2)
        addNumber(UInt64(bytes.count))
        message += bytes
    }

    private mutating func addNumber(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            message.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        message.append(UInt8(rest))
    }

    /// How many bytes a number takes.
    private static func length(_ number: UInt64) -> UInt64 { UInt64((70 - max(number, 1).leadingZeroBitCount) / 7) }

    func wholeLength(_ bytes: UnsafeRawBufferPointer) -> Int {
        var end = 0
        while bytes.count - end >= 8 {
            let count = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self)))
            let next = end + count + 8
            guard next <= bytes.count,
                bytes.loadUnaligned(fromByteOffset: next - 4, as: UInt32.self).bigEndian == UInt32(count)
            else { break }
            end = next
        }
        return end
    }

    func end(of file: CInt, size: Int64) -> Int64 {
        func length(at offset: Int64) -> Int64? {
            var number: UInt32 = 0
            return pread(file, &number, 4, off_t(offset)) == 4 ? Int64(UInt32(bigEndian: number)) : nil
        }
        if size >= 8, let last = length(at: size - 4), size >= last + 8, length(at: size - last - 8) == last {
            return size
        }
        var block = [UInt8](repeating: 0, count: 1 << 20)
        var end: Int64 = 0
        while true {
            let count = pread(file, &block, block.count, off_t(end))
            guard count > 0 else { return end }
            let whole = block.withUnsafeBytes { wholeLength(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            guard whole > 0 else { return end }
            end += Int64(whole)
        }
    }
}
