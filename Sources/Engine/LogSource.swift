import Archive
import FoundationEssentials
import Glibc
import Linux
import SystemPackage

/// One file of a log, open: it stays the same file whatever name it gets, and readable when it has none any more.
final class LogSource {
    private let file: OwnedDescriptor
    private var gunzip: GunzipSource?
    let inode: ino_t

    /// Nil where there is no such file.
    init?(_ path: FilePath, isCompressed: Bool) {
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        file = OwnedDescriptor(descriptor)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        inode = status.st_ino
        if isCompressed { rewind() }
    }

    /// Goes back to the start of a compressed file.
    func rewind() {
        lseek(file.rawValue, 0, SEEK_SET)
        gunzip = GunzipSource(FileSource(FileDescriptor(rawValue: file.rawValue)))
    }

    /// Whether it can be read from its start only.
    var isCompressed: Bool { gunzip != nil }

    var size: Int64 {
        var status = stat()
        return fstat(file.rawValue, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Whether it has no name any more.
    var isDeleted: Bool {
        var status = stat()
        return fstat(file.rawValue, &status) == 0 && status.st_nlink == 0
    }

    /// Bytes from `offset` on; of a compressed file those that follow the last ones.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if let gunzip { return try gunzip.read(into: buffer) }
        return try sys("read the log") { pread(file.rawValue, buffer.baseAddress, buffer.count, off_t(offset)) }
    }

    /// Which file this one was before it was compressed, if the monitor noted that in the header (RFC 1952: `FEXTRA`).
    var origin: ino_t? {
        struct Note: Decodable { var inode: ino_t }
        var head = [UInt8](repeating: 0, count: 128)
        let count = pread(file.rawValue, &head, head.count, 0)
        guard isCompressed, count > 12, head[3] & 4 != 0 else { return nil }
        let length = Int(head[10]) | Int(head[11]) << 8
        guard 12 + length <= count else { return nil }
        return (try? JSONDecoder().decode(Note.self, from: Data(head[12..<(12 + length)])))?.inode
    }
}
