import ArgumentParser

/// A verb's flags, options and arguments, as its definition says.
struct ArgumentTable {
    struct Entry {
        enum Kind { case flag, option, positional }

        let kind: Kind
        let names: [String]
        let valueName: String
        let help: String
        let isRepeating: Bool
        let isHidden: Bool
        /// It takes all words that follow, whatever they look like.
        let takesRest: Bool
        let section: String

        /// `--all` of `-a, --all`; `-a` where there is no other.
        var longest: String { names.max { $0.count < $1.count } ?? "" }
    }

    let entries: [Entry]
    let abstract: String
    let discussion: String

    /// The library tells what it knows of a command as JSON only.
    init(_ command: any ParsableCommand.Type) {
        let said = (try? JSON(Array(command._dumpHelp().utf8))) ?? .null
        entries = said["command"]["arguments"].elements.map(Self.entry)
        abstract = said["command"]["abstract"].string ?? ""
        discussion = said["command"]["discussion"].string ?? ""
    }

    private static func entry(_ argument: JSON) -> Entry {
        let names = argument["names"].elements.map { name in
            (name["kind"].string == "long" ? "--" : "-") + (name["name"].string ?? "")
        }
        let kind: Entry.Kind =
            switch argument["kind"].string {
            case "flag": .flag
            case "option": .option
            default: .positional
            }
        return Entry(
            kind: kind,
            names: names,
            valueName: argument["valueName"].string ?? "",
            help: argument["abstract"].string ?? "",
            isRepeating: argument["isRepeating"].bool ?? false,
            isHidden: argument["shouldDisplay"].bool == false,
            takesRest: argument["parsingStrategy"].string == "allRemainingInput",
            section: argument["sectionTitle"].string ?? ""
        )
    }

    /// The flag or option of that name: `-a`, `--all`.
    func named(_ name: String) -> Entry? { entries.first { $0.names.contains(name) } }

    var positionals: [Entry] { entries.filter { $0.kind == .positional } }
    var takesRest: Bool { positionals.contains(where: \.takesRest) }
}
