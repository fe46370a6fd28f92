/// A field that is there even without a value: clients look it up and find `null`.
@propertyWrapper
package struct Nullable<Value: Codable & Equatable>: Codable, Equatable {
    package var wrappedValue: Value?

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let from = try decoder.singleValueContainer()
        wrappedValue = from.decodeNil() ? nil : try from.decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var to = encoder.singleValueContainer()
        if let wrappedValue { try to.encode(wrappedValue) } else { try to.encodeNil() }
    }
}

extension Nullable: Sendable where Value: Sendable {}

extension KeyedDecodingContainer {
    /// Chosen by the compiler for fields that are `@Nullable`: a missing key is no error.
    package func decode<Value>(_ type: Nullable<Value>.Type, forKey key: Key) throws -> Nullable<Value> {
        try decodeIfPresent(type, forKey: key) ?? Nullable(wrappedValue: nil)
    }
}
