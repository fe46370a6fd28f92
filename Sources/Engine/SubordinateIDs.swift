/// `/etc/subuid` and `/etc/subgid`: which ids of the host a user may give to user namespaces. (man 5 subuid)
package enum SubordinateIDs {
    /// The first id of the host, and how many there are.
    package struct Range: Equatable, Sendable {
        package var start: UInt32
        package var count: UInt32

        package init(start: UInt32, count: UInt32) {
            self.start = start
            self.count = count
        }
    }

    /// How many ids an image may use: those of 16 bits, of which 65534 is `nobody`.
    package static let least: UInt64 = 65536
    /// man 7 user_namespaces
    private static let mostRanges = 340

    /// The ranges of the user in `text`, in their order: those by number, or else those by name, as dockerd takes them.
    ///
    /// Throws `EngineError` where a line of the user's makes no sense, or where all of them can't be given to a namespace.
    package static func ranges(of name: String, _ id: UInt32, in text: String, file: String) throws -> [Range] {
        for owner in ["\(id)", name] {
            let found = try ranges(of: owner, in: text, file)
            if found.isEmpty { continue }
            try check(found, name, file)
            return found
        }
        throw EngineError(.invalid, "no ids for user \(name) in \(file): \(advice(name, file))")
    }

    private static func ranges(of owner: String, in text: String, _ file: String) throws -> [Range] {
        var found: [Range] = []
        // To Swift a CR and its LF are one character.
        let isEnd = { (character: Character) in character == "\n" || character == "\r\n" }
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: isEnd).enumerated() {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            // Another user's lines are not ours to judge.
            guard let first = fields.first, trimmed(first) == owner else { continue }
            let line = "\(file), line \(number + 1)"
            guard fields.count == 3, let start = UInt32(trimmed(fields[1])), let count = UInt32(trimmed(fields[2]))
            else {
                throw EngineError(.invalid, "\(line) is not \(owner):first:count in numbers")
            }
            guard UInt64(start) + UInt64(count) <= UInt64(UInt32.max) else {
                throw EngineError(.invalid, "\(line): from \(start) on there are no \(count) ids")
            }
            if count > 0 { found.append(Range(start: start, count: count)) }
        }
        return found
    }

    private static func trimmed(_ field: Substring) -> Substring {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        var field = field.drop(while: isSpace)
        while let last = field.last, isSpace(last) { field.removeLast() }
        return field
    }

    private static func check(_ ranges: [Range], _ name: String, _ file: String) throws {
        guard ranges.count <= mostRanges else {
            let reason = "the kernel takes \(mostRanges)"
            throw EngineError(.invalid, "\(file) has \(ranges.count) ranges for \(name); \(reason)")
        }
        if ranges.contains(where: { $0.start == 0 }) {
            throw EngineError(.invalid, "\(file) gives \(name) the host's 0, whose rights containers must not get")
        }
        var end: UInt64 = 0
        for range in ranges.sorted(by: { $0.start < $1.start }) {
            guard UInt64(range.start) >= end else {
                throw EngineError(.invalid, "\(file) has ranges for \(name) that overlap at \(range.start)")
            }
            end = UInt64(range.start) + UInt64(range.count)
        }
        let count = ranges.reduce(UInt64(0)) { $0 + UInt64($1.count) }
        guard count >= least else {
            let reason = "images need \(least): \(advice(name, file))"
            throw EngineError(.invalid, "\(file) has \(count) ids for \(name), \(reason)")
        }
    }

    private static func advice(_ name: String, _ file: String) -> String {
        "give it some that nobody has, for example echo \(name):165536:65536 >>\(file)"
    }
}
