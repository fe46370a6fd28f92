/// A list of words that may also be written as one; `null` where there is none.
@propertyWrapper
package struct Words: Codable, Equatable, Sendable {
    package var wrappedValue: [String]?

    package init(wrappedValue: [String]?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let from = try decoder.singleValueContainer()
        if from.decodeNil() {
            wrappedValue = nil
        } else if let word = try? from.decode(String.self) {
            wrappedValue = [word]
        } else {
            wrappedValue = try from.decode([String].self)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var to = encoder.singleValueContainer()
        if let wrappedValue { try to.encode(wrappedValue) } else { try to.encodeNil() }
    }
}

extension KeyedDecodingContainer {
    /// Chosen by the compiler for fields that are `@Words`: a missing key is no error.
    package func decode(_ type: Words.Type, forKey key: Key) throws -> Words {
        try decodeIfPresent(type, forKey: key) ?? Words(wrappedValue: nil)
    }
}
