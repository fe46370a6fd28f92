import ArgumentParser
import Glibc

/// Says what may stand at the end of a command line: verbs, flags, and the names of what the daemon has.
///
/// The first line is what kind of words follow (`words`, `nospace`, `files`, `folders`), then come one word a line, with a
/// tab and an explanation. It says nothing wrong of a daemon that does not answer: nobody asked for one yet.
enum Completer {
    /// What may stand in one place.
    enum Place {
        case words([(word: String, help: String)])
        /// The value goes on behind: no space.
        case open([String])
        case names(of: DaemonNames.Kind)
        case files, folders
    }

    static func run(_ arguments: [String]) {
        var (words, breaks) = read(arguments)
        guard let current = words.popLast() else { return }
        // A daemon that hangs must not take the shell with it.
        signal(SIGALRM) { _ in _exit(0) }
        alarm(2)
        guard (try? GlobalFlags.take(&words)) != nil else { return }
        let equals = current.hasPrefix("--") ? current.firstIndex(of: "=") : nil
        let front = equals.map { String(current[...$0]) } ?? ""
        let typed = String(current.dropFirst(front.count))
        let place = Self.place(
            words + (front.isEmpty ? [] : [String(front.dropLast())]),
            typed,
            isValue: !front.isEmpty
        )
        say(place, typed, front: front, breaks: breaks)
    }

    /// The words up to the cursor, and where the shell breaks them further.
    private static func read(_ arguments: [String]) -> (words: [String], breaks: String) {
        if arguments.first == "--line", arguments.count >= 4 {
            return (Array(split(arguments[1]).dropFirst()), arguments[3])
        }
        return (arguments.first == "--" ? Array(arguments.dropFirst()) : arguments, "")
    }

    /// As a shell takes a line apart, an open quote closed at its end.
    private static func split(_ line: String) -> [String] {
        var words: [String] = []
        var word: String? = nil
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            if let open = quote {
                if character == open { quote = nil } else { word = (word ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == "\\" {
                word = (word ?? "") + (rest.popFirst().map(String.init) ?? "")
            } else if character == " " || character == "\t" {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + [word ?? ""]
    }

    private static func say(_ place: Place, _ typed: String, front: String, breaks: String) {
        // What the shell takes as the word begins behind the last break: only the rest may be said.
        let whole = front + typed
        let cut = whole.lastIndex { breaks.contains($0) && ":=".contains($0) }.map { whole[...$0].count } ?? 0
        func lines(_ words: [(word: String, help: String)]) -> String {
            words.filter { $0.word.hasPrefix(typed) }.map { entry in
                String((front + entry.word).dropFirst(cut)) + (entry.help.isEmpty ? "" : "\t" + entry.help) + "\n"
            }.joined()
        }
        switch place {
        case .files: put("files\n")
        case .folders: put("folders\n")
        case .words(let words): put("words\n" + lines(words))
        case .open(let words): put("nospace\n" + lines(words.map { ($0, "") }))
        case .names(let kind): put("words\n" + lines(DaemonNames.all(kind).map { ($0, "") }))
        }
    }

    /// What `words` ask for next. `isValue`: the value of the flag that is the last of them.
    private static func place(_ words: [String], _ typed: String, isValue: Bool) -> Place {
        guard let (verb, depth) = Verbs.find(words) else {
            return typed.hasPrefix("-") ? .words(globalFlags) : .words(verbs(words))
        }
        let table = ArgumentTable(verb)
        let path = words.prefix(depth)
        var positionals: [String] = []
        var pending: ArgumentTable.Entry?
        for word in words.dropFirst(depth) {
            if pending != nil {
                pending = nil
            } else if word.hasPrefix("-"), word.count > 1, !(table.takesRest && !positionals.isEmpty) {
                let name = word.hasPrefix("--") ? word : "-" + String(word.suffix(1))
                pending = table.named(name).flatMap { $0.kind == .option ? $0 : nil }
            } else {
                positionals.append(word)
            }
        }
        if let pending { return ValuePlaces.option(pending.longest, verb: Array(path), typed) }
        if isValue { return .words([]) }
        if typed.hasPrefix("-"), !(table.takesRest && !positionals.isEmpty) { return .words(flags(table)) }
        return ValuePlaces.positional(table, Array(path), positionals, words)
    }

    private static func verbs(_ words: [String]) -> [(word: String, help: String)] {
        var among = Verbs.top
        for word in words {
            guard let found = among.first(where: { Verbs.isCalled($0, word) }) else { return [] }
            among = found.configuration.subcommands
        }
        return among.map { ($0._commandName, $0.configuration.abstract) }.sorted { $0.0 < $1.0 }
    }

    private static func flags(_ table: ArgumentTable) -> [(word: String, help: String)] {
        table.entries.filter { $0.kind != .positional && !$0.isHidden }.flatMap { entry in
            entry.names.map { ($0, entry.help) }
        }.sorted { $0.0 < $1.0 }
    }

    private static let globalFlags: [(word: String, help: String)] = [
        ("--config", "The folder with config.json."), ("--help", "Show help."), ("--host", "The daemon's socket."),
        ("--version", "Show the version."),
    ]
}
