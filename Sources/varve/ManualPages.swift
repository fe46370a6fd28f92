import ArgumentParser
import Glibc
import Linux
import SystemPackage

/// The manual: a page for every verb, out of the verbs' own definitions.
enum ManualPages {
    /// Writes `varve.1`, `varve-run.1`, `varve-image-ls.1` and so on.
    static func write(to folder: String) throws {
        let folder = FilePath(folder)
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o755))
        func save(_ name: String, _ page: String) throws {
            try writeAtomically(
                Array(page.utf8),
                to: folder.appending("\(name).1"),
                mode: FilePermissions(rawValue: 0o644)
            )
        }
        try save("varve", page(Varve.self, ["varve"], Verbs.top))
        for verb in Verbs.top {
            try save(
                "varve-\(verb._commandName)",
                page(verb, ["varve", verb._commandName], verb.configuration.subcommands)
            )
            for inner in verb.configuration.subcommands {
                let names = ["varve", verb._commandName, inner._commandName]
                try save(names.joined(separator: "-"), page(inner, names, []))
            }
        }
    }

    private static func page(
        _ verb: any ParsableCommand.Type,
        _ names: [String],
        _ inner: [any ParsableCommand.Type]
    ) -> String {
        let table = ArgumentTable(verb)
        let title = names.joined(separator: "-")
        var page = ".TH \"\(title.uppercased())\" \"1\" \"\" \"Varve\" \"Varve\"\n"
        page += ".SH NAME\n\(escaped(title)) \\- \(escaped(abstract(table)))\n"
        page += ".SH SYNOPSIS\n\(synopsis(names, table, hasVerbs: !inner.isEmpty))"
        page += description(table, of: names)
        if !inner.isEmpty { page += verbs(inner, names) }
        page += options(table)
        page += examples(table)
        let parent = names.dropLast().joined(separator: "-")
        let also = parent.isEmpty ? "varved" : parent
        return page + ".SH SEE ALSO\n.BR \(escaped(also)) \(parent.isEmpty ? "(8)" : "(1)")\n"
    }

    private static func abstract(_ table: ArgumentTable) -> String {
        table.abstract.hasSuffix(".") ? String(table.abstract.dropLast()) : table.abstract
    }

    private static func synopsis(_ names: [String], _ table: ArgumentTable, hasVerbs: Bool) -> String {
        var words = ["\\fB\(escaped(names.joined(separator: " ")))\\fR"]
        if table.entries.contains(where: { $0.kind != .positional }) { words.append("[\\fIoptions\\fR]") }
        if hasVerbs { words.append("\\fIverb\\fR ...") }
        words += table.positionals.map { "\\fI\(escaped($0.valueName))\\fR" + ($0.isRepeating ? " ..." : "") }
        return words.joined(separator: " ") + "\n"
    }

    /// The lines of a verb's text that are examples, and the others.
    private static func parts(_ table: ArgumentTable) -> (text: [String], examples: [String]) {
        var (text, examples) = ([String](), [String]())
        var isList = false
        for line in table.discussion.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            let words = line.drop { $0 == " " }
            if words == "Examples:" {
                isList = true
            } else if words.hasPrefix("Example: ") {
                examples.append(String(words.dropFirst("Example: ".count)))
            } else if isList, line.hasPrefix("  ") {
                examples.append(String(words))
            } else {
                isList = false
                text.append(line)
            }
        }
        return (text, examples)
    }

    private static func description(_ table: ArgumentTable, of names: [String]) -> String {
        let text = parts(table).text.filter { !$0.isEmpty }
        let paragraphs = ([table.abstract] + text).map { escaped($0) }.joined(separator: "\n.PP\n")
        return ".SH DESCRIPTION\n\(paragraphs)\n"
    }

    private static func verbs(_ inner: [any ParsableCommand.Type], _ names: [String]) -> String {
        ".SH VERBS\n"
            + inner.map { verb in
                let page = (names + [verb._commandName]).joined(separator: "-")
                return ".TP\n.BR \(escaped(page)) (1)\n\(escaped(verb.configuration.abstract))\n"
            }.joined()
    }

    private static func options(_ table: ArgumentTable) -> String {
        let entries = table.entries.filter { !$0.isHidden && !$0.help.isEmpty }
        let (places, flags) = (entries.filter { $0.kind == .positional }, entries.filter { $0.kind != .positional })
        var text = ""
        if !places.isEmpty {
            text += ".SH ARGUMENTS\n"
            text += places.map { ".TP\n\\fI\(escaped($0.valueName))\\fR\n\(escaped($0.help))\n" }.joined()
        }
        if !flags.isEmpty { text += ".SH OPTIONS\n" }
        return text
            + flags.map { entry in
                let names = entry.names.sorted { $0.count < $1.count }.map { "\\fB\(escaped($0))\\fR" }.joined(
                    separator: ", "
                )
                let value = entry.kind == .option ? " \\fI\(escaped(entry.valueName))\\fR" : ""
                return ".TP\n\(names)\(value)\n\(escaped(entry.help))\n"
            }.joined()
    }

    private static func examples(_ table: ArgumentTable) -> String {
        let examples = parts(table).examples
        guard !examples.isEmpty else { return "" }
        return ".SH EXAMPLES\n" + examples.map { ".PP\n.nf\n.RS 4\n\(escaped($0))\n.RE\n.fi\n" }.joined()
    }

    /// Text that means nothing to troff.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            default: result.append(character)
            }
        }
        return result.hasPrefix(".") ? "\\&" + result : result
    }
}
