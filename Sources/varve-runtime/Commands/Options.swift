/// A command line taken apart as runc does: `--name value`, `--name=value`, `-n value`, and what is left; options end with
/// the first word that is none.
struct Options {
    /// What an option is called, and whether a value follows.
    struct Known {
        let names: [String]
        let takesValue: Bool

        static func flag(_ names: String...) -> Self { Self(names: names, takesValue: false) }
        static func value(_ names: String...) -> Self { Self(names: names, takesValue: true) }
    }

    private var found: [String: [String]] = [:]
    private(set) var rest: [String] = []

    /// Throws where an option is unknown or lacks its value.
    init(_ words: some Sequence<String>, _ known: [Known]) throws {
        var words = Array(words)[...]
        while let word = words.first, word.hasPrefix("-"), word != "-" {
            words.removeFirst()
            if word == "--" { break }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = String(parts[0].drop { $0 == "-" })
            guard let option = known.first(where: { $0.names.contains(name) }) else {
                throw UsageError("flag provided but not defined: -\(name)")
            }
            guard option.takesValue else {
                found[option.names[0], default: []].append(parts.count > 1 ? parts[1] : "true")
                continue
            }
            guard let value = parts.count > 1 ? parts[1] : words.popFirst() else {
                throw UsageError("flag needs an argument: -\(name)")
            }
            found[option.names[0], default: []].append(value)
        }
        rest = Array(words)
    }

    func has(_ name: String) -> Bool { found[name]?.last.map { $0 == "true" || $0 == "1" } ?? false }

    func value(_ name: String) -> String? { found[name]?.last }

    func values(_ name: String) -> [String] { found[name] ?? [] }

    /// Nil where it was not given; throws where it is no number.
    func number<N: FixedWidthInteger>(_ name: String, _ type: N.Type = N.self) throws -> N? {
        guard let text = value(name) else { return nil }
        guard let number = N(text) else { throw UsageError("--\(name) is \"\(text)\", and no number that it can be") }
        return number
    }
}

/// A command line that is wrong.
struct UsageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
