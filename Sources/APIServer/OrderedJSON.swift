// Foundation's encoder writes an object's keys in an order that changes from run to run. `docker inspect` shows a body as
// it came, so here keys stand in the order in which a type declares them, which is Docker's; a map's are sorted, as Go
// does it.

/// Writes values as JSON on one line.
enum OrderedJSON {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let place = Place()
        try place.put(value)
        var text: [UInt8] = []
        place.write(to: &text)
        return text
    }
}

/// A dictionary, whose own order means nothing.
private protocol StringMap {}
extension Dictionary: StringMap where Key == String {}

/// Where a value goes.
private final class Place {
    private enum Node {
        case nothing
        case text(String)
        case list([Place])
        case object([(key: String, place: Place)])
    }
    private var node = Node.nothing
    private var isMap = false

    func put(_ value: some Encodable) throws {
        switch value {
        case let text as String: node = .text(Self.quoted(text))
        case let flag as Bool: node = .text(flag ? "true" : "false")
        case let number as any BinaryInteger: node = .text("\(number)")
        case let number as Double: node = .text(Self.text(number))
        case let number as Float: node = .text(Self.text(Double(number)))
        default:
            isMap = value is any StringMap
            try value.encode(to: PlaceEncoder(place: self))
        }
    }

    func putNull() { node = .text("null") }

    /// A type may encode parts of itself one after the other into one object.
    func makeObject() { if case .object = node {} else { node = .object([]) } }

    func makeList() { if case .list = node {} else { node = .list([]) } }

    var count: Int { if case .list(let places) = node { places.count } else { 0 } }

    func member(_ key: String) -> Place {
        guard case .object(var members) = node else { return Place() }
        let place = Place()
        // Gives the array back before it changes, so that it is not copied.
        node = .nothing
        members.append((key, place))
        node = .object(members)
        return place
    }

    func element() -> Place {
        guard case .list(var places) = node else { return Place() }
        let place = Place()
        node = .nothing
        places.append(place)
        node = .list(places)
        return place
    }

    func write(to text: inout [UInt8]) {
        switch node {
        // A type that encodes nothing of itself has no members.
        case .nothing: text += "{}".utf8
        case .text(let own): text += own.utf8
        case .list(let places):
            text.append(UInt8(ascii: "["))
            for (index, place) in places.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                place.write(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in (isMap ? members.sorted { $0.key < $1.key } : members).enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text += Self.quoted(member.key).utf8
                text.append(UInt8(ascii: ":"))
                member.place.write(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    private static func text(_ number: Double) -> String {
        if let whole = Int64(exactly: number) { return "\(whole)" }
        // JSON has no word for the others.
        return number.isFinite ? "\(number)" : "null"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            // The two line ends that JavaScript knows and JSON does not.
            case "\u{2028}", "\u{2029}", "\u{0}"..."\u{1F}":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

private struct PlaceEncoder: Encoder {
    let place: Place
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
        place.makeObject()
        return KeyedEncodingContainer(Members(place: place))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        place.makeList()
        return Elements(place: place)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(place: place) }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: Place
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { place.member(key.stringValue).putNull() }
    func encode(_ value: some Encodable, forKey key: Key) throws { try place.member(key.stringValue).put(value) }

    func nestedContainer<Inner>(keyedBy type: Inner.Type, forKey key: Key) -> KeyedEncodingContainer<Inner> {
        PlaceEncoder(place: place.member(key.stringValue)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        PlaceEncoder(place: place.member(key.stringValue)).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { PlaceEncoder(place: place.member("super")) }
    func superEncoder(forKey key: Key) -> any Encoder { PlaceEncoder(place: place.member(key.stringValue)) }
}

private struct Elements: UnkeyedEncodingContainer {
    let place: Place
    var codingPath: [any CodingKey] { [] }
    var count: Int { place.count }

    func encodeNil() { place.element().putNull() }
    func encode(_ value: some Encodable) throws { try place.element().put(value) }

    func nestedContainer<Inner>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
        PlaceEncoder(place: place.element()).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        PlaceEncoder(place: place.element()).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { PlaceEncoder(place: place.element()) }
}

private struct Single: SingleValueEncodingContainer {
    let place: Place
    var codingPath: [any CodingKey] { [] }

    func encodeNil() { place.putNull() }
    func encode(_ value: some Encodable) throws { try place.put(value) }
}
