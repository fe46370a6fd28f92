import CArchive
import Glibc

/// One member of a general tar, as an archive of images has them; for layers there is `extractLayer`.
package struct TarMember: Sendable, Equatable {
    /// What kind of file it is.
    package enum Kind: Sendable, Equatable { case file, folder, symbolicLink, hardLink, other }
    /// As it stands in the tar, not cleaned: `./repositories`, `blobs/`. Never a path to open.
    package var name: String
    /// Its kind.
    package var kind: Kind
    /// Bytes of its payload.
    package var size: Int64
    /// Where a link points to; else empty.
    package var target: String
    /// The permission bits.
    package var mode: UInt32
}

/// Reads the members of a general tar, in order.
package final class TarReader {
    private let input: ArchiveInput
    private let limits: ArchiveLimits
    private var count = 0

    /// Reads the uncompressed tar `source`.
    package init(_ source: any ByteSource, limits: ArchiveLimits) throws {
        input = try ArchiveInput(source, .tar)
        self.limits = limits
    }

    /// The next member, or nil at the end; what was left of the last one's payload is skipped.
    package func next() throws -> TarMember? {
        guard let entry = try input.next() else { return nil }
        count += 1
        guard count <= limits.entries else { throw ArchiveError.tooManyEntries(limit: limits.entries) }
        guard let name = archive_entry_pathname(entry) else {
            throw ArchiveError.invalidName(member: "number \(count)", reason: "it has none")
        }
        let link = archive_entry_hardlink(entry)
        let kind: TarMember.Kind
        switch archive_entry_filetype(entry) {
        case _ where link != nil: kind = .hardLink
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        case S_IFLNK: kind = .symbolicLink
        default: kind = .other
        }
        payload = Payload(input)
        return TarMember(
            name: String(cString: name),
            kind: kind,
            size: archive_entry_size(entry),
            target: (link ?? archive_entry_symlink(entry)).map { String(cString: $0) } ?? "",
            mode: archive_entry_mode(entry) & 0o7777
        )
    }

    /// The current member's payload; it ends with the next call of `next`.
    package private(set) var payload: any ByteSource = BufferSource([])

    private final class Payload: ByteSource {
        private let input: ArchiveInput
        private var block = UnsafeRawBufferPointer(start: nil, count: 0)

        init(_ input: ArchiveInput) { self.input = input }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            while block.isEmpty {
                guard let next = try input.nextBlock() else { return 0 }
                block = next.bytes
            }
            let count = min(block.count, buffer.count)
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<count]))
            block = UnsafeRawBufferPointer(rebasing: block[count...])
            return count
        }
    }
}

/// Writes a general tar, owned by root, with times of whole seconds.
package final class TarWriter {
    private let output: ArchiveOutput

    /// Writes to `sink`.
    package init(_ sink: any ByteSink) throws { output = try ArchiveOutput(sink) }

    /// Adds a folder; `modified` in seconds since 1970.
    package func addFolder(_ name: String, mode: UInt32 = 0o755, modified: Int64 = 0) throws {
        try output.add { describe($0, name.hasSuffix("/") ? name : name + "/", S_IFDIR | mode, modified) }
    }

    /// Adds a file with these bytes.
    package func addFile(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644, modified: Int64 = 0) throws {
        try addFile(name, size: Int64(bytes.count), mode: mode, modified: modified) { try $0.write(bytes) }
    }

    /// Adds a file whose content `body` writes: exactly `size` bytes, or it is an error.
    package func addFile(
        _ name: String,
        size: Int64,
        mode: UInt32 = 0o644,
        modified: Int64 = 0,
        _ body: (any ByteSink) throws -> Void
    ) throws {
        try output.add {
            describe($0, name, S_IFREG | mode, modified)
            archive_entry_set_size($0, size)
        }
        let content = Content(output, size)
        try body(content)
        guard content.left == 0 else {
            throw ArchiveError.damaged(reason: "\(name) is \(content.left) bytes shorter than announced")
        }
    }

    /// Adds a symbolic link.
    package func addSymbolicLink(_ name: String, to target: String) throws {
        try output.add {
            describe($0, name, S_IFLNK | 0o777, 0)
            archive_entry_copy_symlink($0, target)
        }
    }

    /// Writes the end blocks.
    package func finish() throws { try output.finish() }

    private func describe(_ entry: OpaquePointer, _ name: String, _ mode: mode_t, _ modified: Int64) {
        archive_entry_copy_pathname(entry, name)
        archive_entry_set_mode(entry, mode)
        archive_entry_set_mtime(entry, time_t(modified), 0)
        archive_entry_set_size(entry, 0)
    }

    private final class Content: ByteSink {
        private let output: ArchiveOutput
        private(set) var left: Int64

        init(_ output: ArchiveOutput, _ size: Int64) {
            self.output = output
            left = size
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws {
            guard Int64(bytes.count) <= left else {
                throw ArchiveError.damaged(reason: "a member is longer than announced")
            }
            try output.write(bytes)
            left -= Int64(bytes.count)
        }
    }
}
