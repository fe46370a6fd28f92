import Glibc
import Linux
package import SystemPackage

/// Bytes of an open file, pipe or socket.
package final class FileSource: ByteSource {
    private let descriptor: FileDescriptor
    private let isOwner: Bool

    /// Opens the file at `path`; it is closed with the source.
    package init(opening path: FilePath) throws {
        let flags = O_RDONLY | O_CLOEXEC | O_NOCTTY
        descriptor = FileDescriptor(rawValue: try sys("open \(path)") { open(path.string, flags) })
        isOwner = true
    }

    /// Reads from `descriptor`, which stays the caller's.
    package init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
        isOwner = false
    }

    /// Reads from `descriptor` and closes it with the source.
    init(owning descriptor: CInt) {
        self.descriptor = FileDescriptor(rawValue: descriptor)
        isOwner = true
    }

    deinit {
        // Nothing was written: closing cannot lose anything.
        if isOwner { try? descriptor.close() }
    }

    /// Fills `buffer` from its start; 0 only at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try sys("read") { Glibc.read(descriptor.rawValue, buffer.baseAddress, buffer.count) }
    }
}

/// Bytes to an open file, pipe or socket.
package final class FileSink: ByteSink {
    private let descriptor: FileDescriptor
    private var isOwner: Bool

    /// Makes the file at `path`, which must not exist; it is closed with the sink.
    package init(creating path: FilePath, mode: FilePermissions = FilePermissions(rawValue: 0o644)) throws {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        descriptor = FileDescriptor(rawValue: try sys("create \(path)") { open(path.string, flags, mode.rawValue) })
        isOwner = true
    }

    /// Writes to `descriptor`, which stays the caller's.
    package init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
        isOwner = false
    }

    deinit {
        // Who must know whether the last bytes arrived calls `close()`.
        if isOwner { try? descriptor.close() }
    }

    /// Writes all of `bytes`.
    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = try sys("write") { Glibc.write(descriptor.rawValue, rest.baseAddress, rest.count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Closes a file that this sink made, and says if that failed.
    package func close() throws {
        guard isOwner else { return }
        isOwner = false
        try descriptor.close()
    }
}
