/// HTML made of strings: what comes from a report is always escaped.
enum Markup {
    /// Text as it may stand between tags and in attributes' quotes.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in Words.line(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A name as text that breaks where people would break it, where it has to.
    static func breakable(_ name: String) -> String {
        escaped(name).map { "/@:,".contains($0) ? "\($0)<wbr/>" : "\($0)" }.joined()
    }

    /// An element; `inside` is markup already.
    static func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ inside: String) -> String {
        "<\(name)\(list(attributes))>\(inside)</\(name)>"
    }

    /// An element of plain text.
    static func text(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ text: String) -> String {
        element(name, attributes, escaped(text))
    }

    /// An element of a drawing without anything in it.
    static func shape(_ name: String, _ attributes: KeyValuePairs<String, String>) -> String {
        "<\(name)\(list(attributes))/>"
    }

    private static func list(_ attributes: KeyValuePairs<String, String>) -> String {
        attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
    }

    /// A table whose first cell of each row is its head; wide ones scroll in a frame of their own.
    static func table(_ caption: String, _ header: [String], _ rows: [[String]]) -> String {
        let head = header.map { text("th", ["scope": "col"], $0) }.joined()
        let body = rows.map { row in
            let cells = row.dropFirst().map { text("td", $0) }.joined()
            return element("tr", text("th", ["scope": "row"], row.first ?? "") + cells)
        }
        let inside = text("caption", caption) + element("thead", element("tr", head)) + element("tbody", body.joined())
        return scrolling(element("table", ["class": "data"], inside), caption)
    }

    static func scrolling(_ inside: String, _ label: String) -> String {
        element("div", ["class": "scroll", "role": "region", "tabindex": "0", "aria-label": label], inside)
    }

    static func element(_ name: String, _ inside: String) -> String { element(name, [:], inside) }
    static func text(_ name: String, _ inside: String) -> String { text(name, [:], inside) }
}
