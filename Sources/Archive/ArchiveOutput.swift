import CArchive
import Linux
import SystemPackage

/// libarchive writing a PAX tar to a `ByteSink`: names of any length and any bytes, times to the nanosecond.
final class ArchiveOutput {
    private let archive: OpaquePointer
    private let entry: OpaquePointer
    private let sink: any ByteSink
    private var failure: (any Error)?

    init(_ sink: any ByteSink) throws {
        guard let archive = archive_write_new(), let entry = archive_entry_new() else {
            throw SystemError("write an archive", .noMemory)
        }
        self.archive = archive
        self.entry = entry
        self.sink = sink
        archive_write_set_format_pax(archive)
        // Attributes as GNU tar and Docker write them, not a second time in libarchive's own way.
        archive_write_set_format_option(archive, "pax", "xattrheader", "SCHILY")
        archive_write_set_bytes_per_block(archive, 0)
        let opened = archive_write_open(archive, Unmanaged.passUnretained(self).toOpaque(), nil, takeBytes, nil)
        if opened != ARCHIVE_OK { throw reason() }
    }

    deinit {
        archive_entry_free(entry)
        // Unless `finish` was called the tar is worthless anyhow: no end blocks are written then.
        archive_write_fail(archive)
        archive_write_free(archive)
    }

    /// Begins a member; `describe` fills in its header.
    func add(_ describe: (OpaquePointer) -> Void) throws {
        archive_entry_clear(entry)
        describe(entry)
        // A warning is about a name that is no UTF-8: it is written as bytes, and marked so.
        let status = archive_write_header(archive, entry)
        guard status == ARCHIVE_OK || status == ARCHIVE_WARN, failure == nil else { throw reason() }
    }

    /// Adds to the content of the last member.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard archive_write_data(archive, bytes.baseAddress, bytes.count) == bytes.count, failure == nil else {
            throw reason()
        }
    }

    /// Writes the end blocks.
    func finish() throws { if archive_write_close(archive) != ARCHIVE_OK || failure != nil { throw reason() } }

    fileprivate func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        do {
            try sink.write(bytes)
            return bytes.count
        } catch {
            failure = error
            return -1
        }
    }

    private func reason() -> any Error {
        failure
            ?? ArchiveError.damaged(
                reason: archive_error_string(archive).map { String(cString: $0) } ?? "unknown error"
            )
    }
}

private func takeBytes(
    _ archive: OpaquePointer?,
    _ context: UnsafeMutableRawPointer?,
    _ bytes: UnsafeRawPointer?,
    _ count: Int
) -> Int {
    guard let context else { return -1 }
    let output = Unmanaged<ArchiveOutput>.fromOpaque(context).takeUnretainedValue()
    return output.take(UnsafeRawBufferPointer(start: bytes, count: count))
}
