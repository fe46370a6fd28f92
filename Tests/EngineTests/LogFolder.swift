import Glibc
import Linux
import RuntimeProtocol
import SystemPackage

@testable import Engine

/// A container's log in a folder of its own.
struct LogFolder {
    let folder: FilePath
    var path: FilePath { folder.appending("x-json.log") }

    func write(_ pieces: [String], to suffix: String = "") throws {
        let file = try FileDescriptor.open(
            path.string + suffix,
            .writeOnly,
            options: [.create, .append],
            permissions: .ownerReadWrite
        )
        try file.closeAfter { _ = try file.writeAll(pieces.joined().utf8) }
    }

    func write(_ bytes: [UInt8]) throws {
        let file = try FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .append],
            permissions: .ownerReadWrite
        )
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    func cut(by count: Int) throws {
        let size = try readFile(path).count
        try sys("cut \(path)") { truncate(path.string, size - count) }
    }

    /// As the monitor does it: the highest number first.
    func rotate() throws {
        for number in [2, 1] {
            for suffix in ["", ".gz"] where exists(FilePath("\(numbered(number))\(suffix)")) {
                try rename(FilePath("\(numbered(number))\(suffix)"), to: FilePath("\(numbered(number + 1))\(suffix)"))
            }
        }
        try rename(path, to: numbered(1))
    }

    /// As the monitor does it: the old file goes when the new one is whole, and that says which one it was.
    func compress(_ number: Int) throws {
        let path = numbered(number)
        var status = stat()
        try sys("look at \(path)") { stat(path.string, &status) }
        let packed = Gzip.member(try readFile(path), extra: Array(#"{"inode":\#(status.st_ino)}"#.utf8))
        try writeFile(packed, to: FilePath("\(path).gz"), mode: .ownerReadWrite)
        try sys("remove \(path)") { unlink(path.string) }
    }

    func remove() throws { try sys("remove \(path)") { unlink(path.string) } }

    func read(_ query: LogQuery, framed: Bool) throws -> [UInt8] {
        let reader = LogReader(path, .jsonFile, query, framed: framed)
        var all: [UInt8] = []
        while let bytes = try reader.next() { all += bytes }
        return all
    }

    func text(_ query: LogQuery = LogQuery()) throws -> String {
        String(decoding: try read(query, framed: false), as: UTF8.self)
    }

    private func numbered(_ number: Int) -> FilePath { FilePath("\(path).\(number)") }
}

/// Runs `body` with an empty folder, which goes away after it.
func withLog(_ body: (LogFolder) throws -> Void) throws {
    let folder = FilePath("/tmp/varve-log-\(randomHex(bytes: 8))")
    try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
    defer { try? removeTree(folder) }
    try body(LogFolder(folder: folder))
}

/// A gzip member that is not compressed: stored blocks (RFC 1951, 3.2.4).
enum Gzip {
    static func member(_ bytes: [UInt8], extra: [UInt8]) -> [UInt8] {
        func little<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian, Array.init)
        }
        var member: [UInt8] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255] + little(UInt16(extra.count)) + extra
        var rest = bytes[...]
        repeat {
            let block = rest.prefix(65535)
            rest = rest.dropFirst(block.count)
            let count = UInt16(block.count)
            member += [rest.isEmpty ? 1 : 0] + little(count) + little(~count) + block
        } while !rest.isEmpty
        return member + little(sum(bytes)) + little(UInt32(truncatingIfNeeded: bytes.count))
    }

    private static func sum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xedb8_8320 : 0) }
        }
    }
}
