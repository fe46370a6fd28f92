/// What a server wants to know: `WWW-Authenticate` (RFC 9110, 11.6.1).
struct Challenge: Equatable {
    /// In lower case: `bearer`, `basic`.
    let scheme: String
    /// By name in lower case: `realm`, `service`, `scope`.
    let parameters: [String: String]

    /// All challenges of a header, of which there may be several in one.
    static func parse(_ header: String) -> [Challenge] {
        var found: [(scheme: String, parameters: [String: String])] = []
        var rest = Substring(header)
        while true {
            rest = rest.drop { $0 == "," || $0.isWhitespace }
            let word = rest.prefix { $0 != "=" && $0 != "," && !$0.isWhitespace }
            if word.isEmpty { break }
            rest = rest[word.endIndex...]
            if rest.first == "=", !found.isEmpty {
                rest.removeFirst()
                found[found.count - 1].parameters[word.lowercased()] = value(&rest)
            } else {
                found.append((word.lowercased(), [:]))
                if rest.first == "=" { rest.removeFirst() }
            }
        }
        return found.map { Challenge(scheme: $0.scheme, parameters: $0.parameters) }
    }

    /// A word, or a text in quotes in which a backslash stands before what is meant as it is.
    private static func value(_ rest: inout Substring) -> String {
        guard rest.first == "\"" else {
            let word = rest.prefix { $0 != "," && !$0.isWhitespace }
            rest = rest[word.endIndex...]
            return String(word)
        }
        rest.removeFirst()
        var text = ""
        while let next = rest.popFirst(), next != "\"" {
            if next == "\\", let meant = rest.popFirst() { text.append(meant) } else { text.append(next) }
        }
        return text
    }
}
