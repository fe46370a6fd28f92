import CArchive
import Linux
import SystemPackage

/// libarchive reading from a `ByteSource`: members of a tar, or one decompressed stream.
///
/// libarchive runs in the C locale here (nobody calls `setlocale`), so names are bytes: nothing is converted, and
/// nothing is brought to another Unicode form.
final class ArchiveInput {
    enum Content { case tar, compressed }

    private let archive: OpaquePointer
    private let source: any ByteSource
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    private var failure: (any Error)?

    init(_ source: any ByteSource, _ content: Content) throws {
        guard let archive = archive_read_new() else { throw SystemError("read an archive", .noMemory) }
        self.archive = archive
        self.source = source
        switch content {
        case .tar: archive_read_support_format_tar(archive)
        case .compressed:
            archive_read_support_format_raw(archive)
            archive_read_support_filter_gzip(archive)
            archive_read_support_filter_bzip2(archive)
            archive_read_support_filter_xz(archive)
            archive_read_support_filter_zstd(archive)
        }
        archive_read_support_format_empty(archive)
        let opened = archive_read_open(archive, Unmanaged.passUnretained(self).toOpaque(), nil, fillBuffer, nil)
        if opened != ARCHIVE_OK { throw reason() }
    }

    deinit {
        archive_read_free(archive)
        buffer.deallocate()
    }

    fileprivate func fill(_ block: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
        do {
            let count = try source.read(into: buffer)
            block.pointee = UnsafeRawPointer(buffer.baseAddress)
            return count
        } catch {
            failure = error
            return -1
        }
    }

    /// The next member, valid until the following call, or nil at the end.
    func next() throws -> OpaquePointer? {
        var entry: OpaquePointer?
        let status = archive_read_next_header(archive, &entry)
        // libarchive takes a source that fails at once for an empty archive.
        if let failure { throw failure }
        if status == ARCHIVE_EOF { return nil }
        // A warning is about a name that is not in the locale's character set: we take bytes.
        guard status == ARCHIVE_OK || status == ARCHIVE_WARN else { throw reason() }
        return entry
    }

    /// The next piece of the current member's content with its offset, valid until the following call; nil at the end.
    func nextBlock() throws -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
        var start: UnsafeRawPointer?
        var size = 0
        var offset: Int64 = 0
        let status = archive_read_data_block(archive, &start, &size, &offset)
        if let failure { throw failure }
        if status == ARCHIVE_EOF { return nil }
        guard status == ARCHIVE_OK || status == ARCHIVE_WARN else { throw reason() }
        return (UnsafeRawBufferPointer(start: start, count: size), offset)
    }

    private func reason() -> any Error {
        if let failure { return failure }
        let text = archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
        return text.contains("runcated") ? ArchiveError.truncated : ArchiveError.damaged(reason: text)
    }
}

private func fillBuffer(
    _ archive: OpaquePointer?,
    _ context: UnsafeMutableRawPointer?,
    _ block: UnsafeMutablePointer<UnsafeRawPointer?>?
) -> Int {
    guard let context, let block else { return -1 }
    return Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue().fill(block)
}
