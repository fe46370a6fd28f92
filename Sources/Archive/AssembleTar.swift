import CLinux
import Glibc
import Linux
package import SystemPackage

/// Writes the tar that `record` (uncompressed) was made from, byte for byte, to `sink`, with the contents of the files
/// in the tree at `root`.
///
/// Names are resolved inside of `root`, whatever links are there.
/// - Throws: `ArchiveError.changedFile` where a file is not what it was; part of the tar is written by then.
package func assembleTar(record: any ByteSource, root: FilePath, to sink: any ByteSink) throws {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    let folder = try sys("open \(root)") { open(root.string, flags) }
    defer { close(folder) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
    defer { buffer.deallocate() }
    var reader = RecordReader(record)
    while let entry = try reader.next() {
        switch entry {
        case .segment(let bytes): try sink.write(bytes)
        case .file(_, 0, _): break
        case .file(let name, let size, let expected):
            let sum = try copyFile(name, size, in: folder, through: buffer, to: sink)
            guard sum == expected else { throw ArchiveError.changedFile(name: String(decoding: name, as: UTF8.self)) }
        }
    }
}

private func copyFile(
    _ name: [UInt8],
    _ size: Int64,
    in root: CInt,
    through buffer: UnsafeMutableRawBufferPointer,
    to sink: any ByteSink
) throws -> [UInt8] {
    let text = String(decoding: name, as: UTF8.self)
    guard !name.contains(0) else { throw ArchiveError.damagedRecord(reason: "a name with a NUL byte") }
    var unlimited = ArchiveLimits()
    unlimited.depth = .max
    let path = try (name.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { text in
        try text.baseAddress.map { try MemberPath($0, unlimited) }
    }
    // O_NONBLOCK: what was a file may be a pipe by now, which nobody writes to.
    let flags = UInt64(O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    let joined = (path?.joined ?? []).map { CChar(bitPattern: $0) } + [0]
    let file = try sys("open \(text) of the layer") { linux_open_in_root(root, joined, flags) }
    defer { close(file) }
    var sum = CRC64()
    var left = size
    while true {
        let count = try sys("read \(text) of the layer") { read(file, buffer.baseAddress, buffer.count) }
        if count == 0 { break }
        left -= Int64(count)
        guard left >= 0 else { throw ArchiveError.changedFile(name: text) }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        sum.update(bytes)
        try sink.write(bytes)
    }
    return sum.bytes
}
