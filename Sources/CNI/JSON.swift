import FoundationEssentials

/// JSON as somebody else wrote it: keys that mean nothing here are passed on.
package enum JSON: Codable, Sendable, Equatable {
    case null, flag(Bool), whole(Int64), number(Double), text(String), list([JSON]), object([String: JSON])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let whole = try? container.decode(Int64.self) {
            self = .whole(whole)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([JSON].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let flag): try container.encode(flag)
        case .whole(let whole): try container.encode(whole)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }

    /// How many lists and objects may lie in each other: each takes room on the stack of whoever walks through them.
    static let mostNesting = 64

    /// Reads a whole document.
    package init(parsing bytes: [UInt8]) throws(FormatError) {
        guard Self.nesting(bytes) <= Self.mostNesting else {
            throw FormatError("", "nested more than \(Self.mostNesting) deep")
        }
        do { self = try JSONDecoder().decode(JSON.self, from: Data(bytes)) } catch {
            throw FormatError("", "no JSON")
        }
    }

    /// How deep it goes, without reading it; texts don't count.
    private static func nesting(_ bytes: [UInt8]) -> Int {
        var (depth, deepest, isText, isEscaped) = (0, 0, false, false)
        for byte in bytes {
            if isText {
                isText = isEscaped || byte != UInt8(ascii: "\"")
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            deepest = max(deepest, depth)
        }
        return deepest
    }

    /// As a document, with sorted keys.
    package var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // What was read can be written; only numbers without an end can't, and JSON has none.
        return (try? encoder.encode(self)).map(Array.init) ?? []
    }

    /// What stands under a key; nil also where this is no object, or it is null.
    subscript(key: String) -> JSON? {
        guard case .object(let object) = self, let value = object[key], value != .null else { return nil }
        return value
    }

    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// The text under a key; empty where there is none.
    func text(_ key: String, in place: String) throws(FormatError) -> String {
        guard let value = self[key] else { return "" }
        guard let text = value.text else { throw FormatError(place + key, "not a text") }
        return text
    }

    /// The list under a key; empty where there is none.
    func list(_ key: String, in place: String) throws(FormatError) -> [JSON] {
        guard let value = self[key] else { return [] }
        guard case .list(let list) = value else { throw FormatError(place + key, "not a list") }
        return list
    }

    /// The list of texts under a key.
    func texts(_ key: String, in place: String) throws(FormatError) -> [String] {
        var texts: [String] = []
        for value in try list(key, in: place) {
            guard let text = value.text else { throw FormatError(place + key, "not a list of texts") }
            texts.append(text)
        }
        return texts
    }

    /// Whether the flag under a key is set.
    func flag(_ key: String, in place: String) throws(FormatError) -> Bool {
        guard let value = self[key] else { return false }
        guard case .flag(let flag) = value else { throw FormatError(place + key, "neither true nor false") }
        return flag
    }
}

/// What is wrong with a file, or with an answer, and under which key.
package struct FormatError: Error, Equatable, CustomStringConvertible {
    /// `plugins[1].type`; empty: all of it.
    package let key: String
    package let reason: String

    init(_ key: String, _ reason: String) { (self.key, self.reason) = (key, reason) }

    package var description: String { key.isEmpty ? "it is \(reason)" : "\"\(key)\" is \(reason)" }
}
