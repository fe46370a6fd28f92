/// Passes a layer's tar on, and writes down all of it that its files will not have (tar-split), so that `assembleTar`
/// can make the same bytes again.
package final class TarSplitter: ByteSource {
    private let tar: any ByteSource
    private var walk: TarWalk
    private var isOver = false

    /// Reads `tar`; the record, uncompressed JSON, goes to `record`.
    package init(_ tar: any ByteSource, record: any ByteSink) {
        self.tar = tar
        walk = TarWalk(record: record)
    }

    /// Hands on the tar's bytes. A tar that ends inside a member is an error here.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !isOver, !buffer.isEmpty else { return 0 }
        let count = try tar.read(into: buffer)
        if count == 0 {
            isOver = true
            try walk.end()
        } else {
            try walk.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return count
    }

    /// Reads what the unpacker left: the end blocks and whatever comes after them; then the record is complete.
    package func finish() throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while try read(into: buffer) > 0 {}
    }
}
