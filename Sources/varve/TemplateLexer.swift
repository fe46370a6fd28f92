/// Takes a template's source apart into text and actions.
enum TemplateLexer {
    enum Piece { case text(String), action([Word]) }

    enum Word: Equatable {
        /// A name, a number, a field, a variable, or one of `( ) | , = :=`.
        case plain(String)
        case string(String)
        /// A field of what is in front, without a space between: `(index . 0).Name`.
        case chained(String)
    }

    static func pieces(of source: String) throws -> [Piece] {
        var pieces: [Piece] = []
        var rest = Substring(source)
        var trimsNext = false
        while let open = rest.firstRange(of: "{{") {
            var text = rest[..<open]
            if trimsNext { text = text.drop { $0.isWhitespace } }
            rest = rest[rest.index(open, offsetBy: 2)...]
            if rest.first == "-", rest.dropFirst().first?.isWhitespace == true {
                rest = rest.dropFirst(2)
                while text.last?.isWhitespace == true { text.removeLast() }
            }
            pieces.append(.text(String(text)))
            let inside = try action(&rest)
            trimsNext = inside.trims
            if let words = inside.words { pieces.append(.action(words)) }
        }
        return pieces + [.text(String(trimsNext ? rest.drop { $0.isWhitespace } : rest))]
    }

    /// The words up to `}}`; nil for a comment.
    private static func action(_ rest: inout Substring) throws -> (words: [Word]?, trims: Bool) {
        if rest.hasPrefix("/*") {
            guard let end = rest.firstRange(of: "*/") else { throw Template.bad("unclosed comment") }
            rest = rest[rest.index(end, offsetBy: 2)...]
            return (nil, try close(&rest))
        }
        var words: [Word] = []
        while let first = rest.first {
            if rest.hasPrefix("}}") || rest.hasPrefix(" -}}") { return (words, try close(&rest)) }
            if first.isWhitespace {
                rest.removeFirst()
            } else if first == "\"" || first == "`" {
                words.append(.string(try quoted(&rest, by: first)))
            } else if "()|,".contains(first) {
                rest.removeFirst()
                if first == ")", rest.first == "." {
                    words.append(.plain(")"))
                    words.append(.chained(word(&rest)))
                } else {
                    words.append(.plain(String(first)))
                }
            } else {
                words.append(.plain(word(&rest)))
            }
        }
        throw Template.bad("unclosed action")
    }

    private static func close(_ rest: inout Substring) throws -> Bool {
        let trims = rest.hasPrefix(" -}}")
        if trims { rest = rest.dropFirst(2) }
        guard rest.hasPrefix("}}") else { throw Template.bad("comment ends before closing delimiter") }
        rest = rest.dropFirst(2)
        return trims
    }

    private static func word(_ rest: inout Substring) -> String {
        if rest.hasPrefix(":=") {
            rest = rest.dropFirst(2)
            return ":="
        }
        if rest.first == "=" {
            rest = rest.dropFirst()
            return "="
        }
        let word = rest.prefix { !$0.isWhitespace && !"()|,\"`}:=".contains($0) }
        // A character that means nothing is a word of its own, which the parser refuses.
        let length = max(1, word.count)
        defer { rest = rest.dropFirst(length) }
        return String(rest.prefix(length))
    }

    /// What is between quotes: as it is between backquotes, with Go's escapes between others.
    private static func quoted(_ rest: inout Substring, by quote: Character) throws -> String {
        rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            if character == quote { return text }
            guard character == "\\", quote == "\"" else {
                text.append(character)
                continue
            }
            let escapes: [Character: Character] = ["n": "\n", "t": "\t", "r": "\r", "\\": "\\", "\"": "\"", "'": "'"]
            guard let next = rest.popFirst(), let meant = escapes[next] else {
                throw Template.bad("a quoted string with an escape that does not exist")
            }
            text.append(meant)
        }
        throw Template.bad("unterminated quoted string")
    }
}

extension Substring {
    /// Where `mark` begins.
    func firstRange(of mark: String) -> Index? {
        guard let first = mark.first else { return nil }
        var rest = self
        while let place = rest.firstIndex(of: first) {
            if self[place...].hasPrefix(mark) { return place }
            rest = self[index(after: place)...]
        }
        return nil
    }
}
