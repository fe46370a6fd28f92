import ArgumentParser

/// The tree of verbs.
enum Verbs {
    static var top: [any ParsableCommand.Type] { Varve.configuration.groupedSubcommands.flatMap(\.subcommands) }

    /// The verb that `words` begin with, and how many of them name it; nil where they name none or a group only.
    static func find(_ words: [String]) -> (verb: any ParsableCommand.Type, depth: Int)? {
        var among = top
        for (depth, word) in words.enumerated() {
            guard let found = among.first(where: { isCalled($0, word) }) else { return nil }
            if found.configuration.subcommands.isEmpty { return (found, depth + 1) }
            among = found.configuration.subcommands
        }
        return nil
    }

    /// Each verb's configuration has its name: else the library asks for the type's, which takes half a millisecond.
    static func isCalled(_ verb: any ParsableCommand.Type, _ name: String) -> Bool {
        verb._commandName == name || verb.configuration.aliases.contains(name)
    }

    /// What to say of words that name no verb; nil where they do, or say nothing.
    static func mistake(in words: [String]) -> String? {
        var among = top
        var path = "varve"
        for word in words {
            guard !word.hasPrefix("-"), word != "help" else { return nil }
            guard let found = among.first(where: { isCalled($0, word) }) else {
                let near = nearest(to: word, among.map { $0._commandName })
                let guess = near.map { "; did you mean '\($0)'?" } ?? ""
                return "\(path): there is no verb '\(word)'\(guess)\nSee '\(path) --help'."
            }
            if found.configuration.subcommands.isEmpty { return nil }
            path += " \(found._commandName)"
            among = found.configuration.subcommands
        }
        return nil
    }

    /// The name that takes the fewest changes, if these are few.
    private static func nearest(to word: String, _ names: [String]) -> String? {
        let ranked = names.map { (name: $0, distance: distance(Array(word), Array($0))) }.min {
            $0.distance < $1.distance
        }
        guard let ranked, ranked.distance <= max(1, word.count / 3) else {
            return word.count > 1 ? names.first { $0.hasPrefix(word) } : nil
        }
        return ranked.name
    }

    /// How many characters must be added, removed, replaced or swapped.
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var rows = [Array(0...other.count)]
        for (i, character) in one.enumerated() {
            var row = [i + 1]
            for (j, target) in other.enumerated() {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (character == target ? 0 : 1))
                if i > 0, j > 0, character == other[j - 1], one[i - 1] == target {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[one.count][other.count]
    }
}
