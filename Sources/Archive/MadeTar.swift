import CArchive
import Glibc

/// A layer tar that is made up, member by member, without files on a disk.
package final class MadeTar {
    private let output: ArchiveOutput
    private let time: time_t = 1_700_000_000

    /// Begins a tar that goes to `sink`.
    package init(_ sink: any ByteSink) throws { output = try ArchiveOutput(sink) }

    /// Adds a folder, mode 0755.
    package func folder(_ name: String) throws {
        try output.add { entry in
            archive_entry_set_pathname(entry, name + "/")
            archive_entry_set_mode(entry, S_IFDIR | 0o755)
            archive_entry_set_mtime(entry, time, 0)
        }
    }

    /// Adds a file, mode 0644 or 0755.
    package func file(_ name: String, _ content: [UInt8], isProgram: Bool = false) throws {
        try file(name, size: Int64(content.count), isProgram: isProgram) { _ in content }
    }

    /// Adds a file of `size` bytes, which `next` gives piece by piece, from the offset that it is called with.
    package func file(
        _ name: String,
        size: Int64,
        isProgram: Bool = false,
        _ next: (Int64) -> [UInt8]
    ) throws {
        try output.add { entry in
            archive_entry_set_pathname(entry, name)
            archive_entry_set_mode(entry, S_IFREG | (isProgram ? 0o755 : 0o644))
            archive_entry_set_size(entry, size)
            archive_entry_set_mtime(entry, time, 0)
        }
        var written: Int64 = 0
        while written < size {
            let piece = next(written).prefix(Int(min(size - written, 1 << 30)))
            try piece.withUnsafeBytes { try output.write($0) }
            written += Int64(piece.count)
        }
    }

    /// Writes the end.
    package func finish() throws { try output.finish() }
}
