/// A value that has Go's zero value: what a key that is missing, or `null`, stands for.
package protocol HasZero: Codable, Equatable {
    /// The zero value.
    static var zero: Self { get }
}

extension String: HasZero { package static var zero: String { "" } }
extension Bool: HasZero { package static var zero: Bool { false } }
extension Int: HasZero { package static var zero: Int { 0 } }
extension Int64: HasZero { package static var zero: Int64 { 0 } }
extension Array: HasZero where Element: Codable & Equatable { package static var zero: [Element] { [] } }
extension Dictionary: HasZero where Key == String, Value: Codable & Equatable {
    package static var zero: [String: Value] { [:] }
}

/// A field that clients may leave out or set to `null`: it then has its zero value.
@propertyWrapper
package struct Lenient<Value: HasZero>: Codable, Equatable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let from = try decoder.singleValueContainer()
        wrappedValue = from.decodeNil() ? .zero : try from.decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var to = encoder.singleValueContainer()
        try to.encode(wrappedValue)
    }
}

extension Lenient: Sendable where Value: Sendable {}

extension KeyedDecodingContainer {
    /// Chosen by the compiler for fields that are `@Lenient`: a missing key is no error.
    package func decode<Value>(_ type: Lenient<Value>.Type, forKey key: Key) throws -> Lenient<Value> {
        try decodeIfPresent(type, forKey: key) ?? Lenient(wrappedValue: .zero)
    }
}
