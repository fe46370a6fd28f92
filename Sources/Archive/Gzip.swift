import CZlib
import Linux
import SystemPackage

// Raw deflate with our own gzip header around it: Docker's has no time and no system (bytes 4-9 are 0, 0, 255).

/// Compresses to gzip what is written to it.
package final class GzipSink: ByteSink {
    private let sink: any ByteSink
    private var stream = z_stream()
    private var sum = crc32(0, nil, 0)
    private var length: UInt32 = 0
    private var output = [UInt8](repeating: 0, count: 1 << 16)

    /// Writes the compressed bytes to `sink`.
    package init(_ sink: any ByteSink) throws {
        self.sink = sink
        // Level 3 costs half the time of 6, for a tenth more bytes of a record.
        let status = deflateInit2_(
            &stream,
            3,
            Z_DEFLATED,
            -15,
            9,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            CInt(MemoryLayout<z_stream>.size)
        )
        guard status == Z_OK else { throw SystemError("compress", .noMemory) }
        try sink.write([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
    }

    deinit { deflateEnd(&stream) }

    /// Compresses `bytes`.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        let input = bytes.bindMemory(to: UInt8.self)
        sum = crc32_z(sum, input.baseAddress, input.count)
        length &+= UInt32(truncatingIfNeeded: input.count)
        var rest = input[...]
        while !rest.isEmpty {
            let piece = UnsafeBufferPointer(rebasing: rest.prefix(1 << 30))
            stream.next_in = UnsafeMutablePointer(mutating: piece.baseAddress)
            stream.avail_in = UInt32(piece.count)
            try deflate(Z_NO_FLUSH)
            rest = rest.dropFirst(piece.count)
        }
    }

    /// Ends the stream; nothing can be written after it.
    package func finish() throws {
        stream.avail_in = 0
        try deflate(Z_FINISH)
        let trailer = [UInt32(truncatingIfNeeded: sum), length].flatMap {
            withUnsafeBytes(of: $0.littleEndian, Array.init)
        }
        try sink.write(trailer)
    }

    private func deflate(_ flush: CInt) throws {
        repeat {
            let count = try output.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                guard CZlib.deflate(&stream, flush) != Z_STREAM_ERROR else {
                    throw SystemError("compress", .invalidArgument)
                }
                return buffer.count - Int(stream.avail_out)
            }
            try output.withUnsafeBytes { try sink.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        } while stream.avail_out == 0
    }
}
