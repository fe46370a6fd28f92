/// Docker's way to write flags, in the way that the parser takes them: `-p8080:80`, `-itv /a:/b`, `-e -x`, `--rm=false`.
enum PosixArguments {
    /// Nil where nothing needs another form: asking the definitions costs a millisecond.
    static func isPlain(_ words: [String]) -> Bool {
        words.allSatisfy { word in
            guard word.hasPrefix("-"), word.count > 2 else { return true }
            guard word.hasPrefix("--") else { return false }
            guard let equals = word.firstIndex(of: "=") else { return true }
            return truth(String(word[equals...].dropFirst())) == nil
        }
    }

    /// Up to the words that are the verb's own to pass on, or to `--`.
    static func rewritten(_ words: [String], _ table: ArgumentTable) -> [String] {
        var result: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" || table.takesRest && (!word.hasPrefix("-") || word == "-") {
                return result + [word] + rest
            }
            guard word.hasPrefix("-"), word != "-" else {
                result.append(word)
                continue
            }
            if word.hasPrefix("--") {
                result += long(word, &rest, table)
            } else {
                guard let flags = short(word, &rest, table) else { return result + [word] + rest }
                result += flags
            }
        }
        return result
    }

    private static func long(_ word: String, _ rest: inout ArraySlice<String>, _ table: ArgumentTable) -> [String] {
        let name = String(word.prefix { $0 != "=" })
        guard let entry = table.named(name) else { return [word] }
        if entry.kind == .flag {
            guard word.count > name.count, let isOn = truth(String(word.dropFirst(name.count + 1))) else {
                return [word]
            }
            return flag(name, isOn, table)
        }
        if word.count > name.count { return [word] }
        return rest.popFirst().map { ["\(name)=\($0)"] } ?? [word]
    }

    /// `-abc`: flags, and at last an option whose value is what follows, here or in the next word.
    private static func short(_ word: String, _ rest: inout ArraySlice<String>, _ table: ArgumentTable) -> [String]? {
        var result: [String] = []
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let entry = table.named("-\(letter)") else { return nil }
            if entry.kind == .flag {
                if letters.first == "=", let isOn = truth(String(letters.dropFirst())) {
                    return result + flag(entry.longest, isOn, table)
                }
                result.append("-\(letter)")
                continue
            }
            if letters.first == "=" { letters.removeFirst() }
            guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                return result + ["-\(letter)"]
            }
            return result + (entry.longest.hasPrefix("--") ? ["\(entry.longest)=\(value)"] : ["-\(letter)", value])
        }
        return result
    }

    /// What a flag that is off is: its opposite, if there is one, else nothing.
    private static func flag(_ name: String, _ isOn: Bool, _ table: ArgumentTable) -> [String] {
        if isOn { return [name] }
        let opposite = "--no-" + name.dropFirst(2)
        return table.named(opposite) == nil ? [] : [opposite]
    }

    private static func truth(_ text: String) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }
}
