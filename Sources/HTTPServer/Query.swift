/// The parameters after a path's `?`, decoded.
package struct Query: Sendable {
    private let items: [(name: String, value: String)]

    /// Parses `a=1&b=x%20y`; a name without `=` has the value "".
    package init(_ text: some StringProtocol) {
        items = text.split(separator: "&").map { item in
            guard let equals = item.firstIndex(of: "=") else { return (percentDecoded(item, plusIsSpace: true), "") }
            return (
                percentDecoded(item[..<equals], plusIsSpace: true),
                percentDecoded(item[item.index(after: equals)...], plusIsSpace: true)
            )
        }
    }

    /// The first value of that name.
    package func string(_ name: String) -> String? { items.first { $0.name == name }?.value }

    /// Every value of that name, in order.
    package func strings(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }

    /// The value as a number; nil where it is absent, empty or none.
    package func int(_ name: String) -> Int? { string(name).flatMap(Int.init) }

    /// Docker's rule: "", 0, no, false and none are false, everything else is true; absent means `absent`.
    package func flag(_ name: String, default absent: Bool = false) -> Bool {
        guard let value = string(name) else { return absent }
        return !["", "0", "no", "false", "none"].contains(value.filter { $0 != " " }.lowercased())
    }
}

/// Resolves `%2F`; a `%` that no two hex digits follow stays.
///
/// Bytes that are no UTF-8 become U+FFFD.
func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return String(text) }
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var index = 0
    while index < bytes.count {
        if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
            let high = hexValue(bytes[index + 1]), let low = hexValue(bytes[index + 2])
        {
            decoded.append(high << 4 | low)
            index += 3
        } else {
            let isSpace = plusIsSpace && bytes[index] == UInt8(ascii: "+")
            decoded.append(isSpace ? UInt8(ascii: " ") : bytes[index])
            index += 1
        }
    }
    return String(decoding: decoded, as: UTF8.self)
}

private func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
