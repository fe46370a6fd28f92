import Glibc
import Linux
import SystemPackage
import Testing

@testable import Archive

/// Headers written by hand: hostile tars are none that a tool would make.
struct TarBytes {
    var bytes: [UInt8] = []

    mutating func add(
        _ name: String,
        type: Character = "0",
        mode: Int = 0o644,
        content: [UInt8] = [],
        link: String = "",
        size: Int? = nil
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ at: Int) { for (index, byte) in text.utf8.enumerated() { block[at + index] = byte } }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(name, 0)
        put(octal(mode, 7), 100)
        put(octal(0, 7), 108)
        put(octal(0, 7), 116)
        put(octal(size ?? content.count, 11), 124)
        put(octal(0, 11), 136)
        put("        ", 148)
        put(String(type), 156)
        put(link, 157)
        put("ustar", 257)
        put("00", 263)
        put(octal(0, 7), 329)
        put(octal(0, 7), 337)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6), 148)
        block[154] = 0
        bytes += block + content + [UInt8](repeating: 0, count: -content.count & 511)
    }

    mutating func addRecords(_ records: [(String, [UInt8])]) {
        var data: [UInt8] = []
        for (key, value) in records {
            let rest = key.utf8.count + value.count + 3
            var length = rest + 1
            while String(length).utf8.count + rest != length { length += 1 }
            data += Array("\(length) \(key)=".utf8) + value + [0x0a]
        }
        add("PaxHeaders/x", type: "x", content: data)
    }

    var ended: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// A folder of its own for a test, on the disk (attributes need one), deleted with what is in it.
final class Scratch {
    let path: FilePath

    init() throws {
        path = try AtomicFolder(in: "/var/tmp", prefix: "varve-archive-").path
    }

    deinit { run("rm -rf \(path.string)") }

    func folder(_ name: String) -> FilePath {
        mkdir(path.appending(name).string, 0o755)
        return path.appending(name)
    }

    /// Runs a shell command in the folder, with real tools as the other side.
    @discardableResult
    func run(_ command: String) -> CInt { system("cd \(path.string) && { \(command) ; } >/dev/null 2>&1") }

    /// A line a file: what `find` and `getfattr` see.
    func listing(_ folder: String) throws -> String {
        let find =
            "find . -mindepth 1 -not -type d -printf '%P %y %m %U %G %s %T@ %l %n\\n' -o -mindepth 1 -type d -printf '%P %y %m %U %G %T@\\n'"
        let command =
            "cd \(path.string)/\(folder) && \(find) | sort && getfattr -hRd -m '^(user|security|system.posix)' ."
        let pipe = try #require(popen(command, "r"))
        defer { pclose(pipe) }
        let bytes = try FileSource(FileDescriptor(rawValue: fileno(pipe))).readAll(limit: 1 << 24)
        return String(decoding: bytes, as: UTF8.self)
    }

    func text(_ name: String) throws -> String {
        String(decoding: try FileSource(opening: path.appending(name)).readAll(limit: 1 << 28), as: UTF8.self)
    }

    func bytes(_ name: String) throws -> [UInt8] {
        try FileSource(opening: path.appending(name)).readAll(limit: 1 << 30)
    }
}

@discardableResult
func run(_ command: String) -> CInt { system("\(command) >/dev/null 2>&1") }

@discardableResult
func unpack(
    _ tar: [UInt8],
    _ root: FilePath,
    _ style: WhiteoutStyle = .overlay,
    _ limits: ArchiveLimits = ArchiveLimits()
) throws -> Int64 {
    try extractLayer(BufferSource(tar), into: root, whiteouts: style, limits: limits)
}

func split(_ tar: [UInt8]) throws -> [UInt8] {
    let record = BufferSink()
    try TarSplitter(BufferSource(tar), record: record).finish()
    return record.bytes
}

func assemble(_ record: [UInt8], _ root: FilePath) throws -> [UInt8] {
    let sink = BufferSink()
    try assembleTar(record: BufferSource(record), root: root, to: sink)
    return sink.bytes
}
