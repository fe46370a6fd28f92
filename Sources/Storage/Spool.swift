import Archive
import Crypto
import Glibc
import Hashing
import Linux
import OCI
import SystemPackage

/// An archive's members, kept in a file that has no name: in `<root>/tmp`, gone with its last descriptor.
///
/// `manifest.json` usually comes last, and the archive from a pipe, so its members must wait somewhere; they are written
/// once, in order, hashed on the way, and never waited for.
final class Spool: Sendable {
    /// One regular member.
    struct Member: Sendable {
        let name: String
        let offset: Int64
        let size: Int64
        /// SHA-256 of its bytes as they stand in the archive.
        let digest: OCI.Digest
    }

    /// `O_TMPFILE`, which is a macro of macros and so unknown to Swift.
    private static let temporary = 0o20_000_000 | O_DIRECTORY
    private let file: OwnedDescriptor
    private let members: [String: Member]
    /// Symbolic and hard links: the name they lead to, from the top.
    private let links: [String: String]

    /// Reads the archive to its end.
    init(_ archive: any ByteSource, in folder: FilePath, limits: ArchiveLimits) throws {
        file = OwnedDescriptor(try Self.nameless(in: folder))
        let writer = SpoolWriter(file.rawValue)
        try writer.take(TarReader(archive, limits: limits))
        members = writer.members
        links = writer.links
    }

    /// A file that no folder names.
    private static func nameless(in folder: FilePath) throws -> CInt {
        do {
            return try sys("make a temporary file in \(folder)") {
                open(folder.string, O_RDWR | temporary | O_CLOEXEC, 0o600)
            }
        } catch {
            guard [.notSupported, .isDirectory, .invalidArgument].contains(error.errno) else { throw error }
        }
        // This file system has no O_TMPFILE (`man 2 open`).
        let path = folder.appending("archive-\(randomHex(bytes: 8))")
        let file = try sys("make \(path)") { open(path.string, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        try sys("delete the name \(path)") { unlink(path.string) }
        return file
    }

    /// The member of that name, through links; nil if there is none.
    func member(_ name: String) -> Member? {
        guard var next = Self.plain(name) else { return nil }
        for _ in 0..<16 {
            if let member = members[next] { return member }
            guard let target = links[next] else { return nil }
            next = target
        }
        return nil
    }

    /// All bytes of a small member.
    func bytes(of member: Member, limit: Int64 = 16 << 20) throws -> [UInt8] {
        guard member.size <= limit else {
            throw StorageError.badArchive(
                member: member.name,
                reason: "it has \(member.size) bytes, more than \(limit)",
                remedy: "it can't be what it is named; make the archive again"
            )
        }
        let source = source(of: member)
        var bytes = [UInt8](repeating: 0, count: Int(member.size))
        var done = 0
        while done < bytes.count {
            let got = try bytes.withUnsafeMutableBytes {
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
            }
            if got == 0 { break }
            done += got
        }
        return bytes
    }

    /// Gives up all bytes, which were read: a flush of the disk then need not write them.
    func empty() throws { try sys("empty the spooled archive") { ftruncate(file.rawValue, 0) } }

    /// The member's bytes, from its first; any number of them can be read at once.
    func source(of member: Member) -> any ByteSource { SpoolSource(self, member) }

    fileprivate func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try sys("read the spooled archive") { pread(file.rawValue, buffer.baseAddress, buffer.count, off_t(offset)) }
    }

    /// A name without `.`, `..` and slashes at its ends; nil for one that leads out of the archive.
    static func plain(_ name: String) -> String? {
        var kept: [Substring] = []
        for part in name.split(separator: "/") where part != "." {
            if part == ".." {
                if kept.popLast() == nil { return nil }
            } else {
                kept.append(part)
            }
        }
        return kept.isEmpty ? nil : kept.joined(separator: "/")
    }
}

/// Reads one member.
private final class SpoolSource: ByteSource {
    private let spool: Spool
    private var offset: Int64
    private let end: Int64

    init(_ spool: Spool, _ member: Spool.Member) {
        self.spool = spool
        offset = member.offset
        end = member.offset + member.size
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = min(buffer.count, Int(end - offset))
        guard count > 0 else { return 0 }
        let got = try spool.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
        offset += Int64(got)
        return got
    }
}

/// Writes members one after the other.
private final class SpoolWriter {
    private let file: CInt
    private var offset: Int64 = 0
    private(set) var members: [String: Spool.Member] = [:]
    private(set) var links: [String: String] = [:]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)

    init(_ file: CInt) { self.file = file }

    deinit { buffer.deallocate() }

    func take(_ reader: TarReader) throws {
        while let member = try reader.next() {
            guard let name = Spool.plain(member.name) else { continue }
            switch member.kind {
            case .file: members[name] = try write(reader.payload, name)
            case .symbolicLink: links[name] = Spool.plain(Self.folder(of: name) + member.target)
            case .hardLink: links[name] = Spool.plain(member.target)
            default: break
            }
        }
    }

    private static func folder(of name: String) -> String {
        name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
    }

    private func write(_ payload: any ByteSource, _ name: String) throws -> Spool.Member {
        let start = offset
        var hash = SHA256()
        while case let count = try payload.read(into: buffer), count > 0 {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(bufferPointer: bytes)
            var done = 0
            while done < count {
                let offset = off_t(self.offset)
                let written = try sys("spool the archive: write \(count - done) bytes") {
                    pwrite(file, bytes.baseAddress?.advanced(by: done), count - done, offset)
                }
                done += written
                self.offset += Int64(written)
            }
        }
        return Spool.Member(name: name, offset: start, size: offset - start, digest: hash.digest)
    }
}
