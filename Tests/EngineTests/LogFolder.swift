import Glibc
import Linux
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

    /// As the monitor does it: the highest number first.
    func rotate() throws {
        for number in [2, 1] where exists(numbered(number)) { try rename(numbered(number), to: numbered(number + 1)) }
        try rename(path, to: numbered(1))
    }

    func remove() throws { try sys("remove \(path)") { unlink(path.string) } }

    func read(_ query: LogQuery, framed: Bool) throws -> [UInt8] {
        let reader = LogReader(path, query, framed: framed)
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
