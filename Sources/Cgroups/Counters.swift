import Linux
import SystemPackage

/// What the kernel says in small files: a number, or lines of a name and a number. Kernels differ in what they have, so
/// all may be missing.
enum Counters {
    /// The number in the file; nil where there is none, or it says `max`.
    static func one(_ path: FilePath?) -> UInt64? {
        text(path).flatMap { UInt64($0.filter { !$0.isWhitespace }) }
    }

    /// The numbers by their names.
    static func all(_ path: FilePath?) -> [String: UInt64] {
        var found: [String: UInt64] = [:]
        for line in (text(path) ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let number = UInt64(words[1]) { found[String(words[0])] = number }
        }
        return found
    }

    static func text(_ path: FilePath?) -> String? {
        path.flatMap { try? readFile($0, limit: 1 << 18) }.map { String(decoding: $0, as: UTF8.self) }
    }
}
