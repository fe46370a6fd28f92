/// Bytes that are in memory.
package final class BufferSource: ByteSource {
    private let bytes: [UInt8]
    private var position = 0

    /// Reads `bytes` from the start.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Copies the next bytes; 0 only at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - position)
        bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
        }
        position += count
        return count
    }
}

/// Gathers bytes in memory.
package final class BufferSink: ByteSink {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    /// Starts empty.
    package init() {}

    /// Appends `bytes`.
    package func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }
}

extension ByteSource {
    /// All that is left, unless it is more than `limit`.
    package func readAll(limit: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit, 1 << 16) + 1)
        while true {
            let count = try chunk.withUnsafeMutableBytes { try read(into: $0) }
            if count == 0 { return all }
            guard all.count + count <= limit else { throw ArchiveError.tooLarge(limit: Int64(limit)) }
            all += chunk[..<count]
        }
    }

    /// Writes all that is left to `sink`, and says how much it was.
    @discardableResult
    package func copy(to sink: any ByteSink) throws -> Int64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        var total: Int64 = 0
        while true {
            let count = try read(into: buffer)
            if count == 0 { return total }
            try sink.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            total += Int64(count)
        }
    }
}

extension ByteSink {
    /// Writes an array.
    package func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
}
