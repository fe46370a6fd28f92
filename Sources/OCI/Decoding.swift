/// Go's habit: a missing key, or `null`, is the type's zero value.
extension KeyedDecodingContainer {
    /// The value of `key`; `zero` when it is missing or null.
    package func value<T: Decodable>(_ key: Key, or zero: T) throws -> T {
        try decodeIfPresent(T.self, forKey: key) ?? zero
    }

    /// The keys of an object whose values are all `{}` (`ExposedPorts`, `Volumes`).
    package func keys(_ key: Key) throws -> Set<String>? {
        guard let object = try decodeIfPresent([String: EmptyObject?].self, forKey: key) else { return nil }
        return Set(object.keys)
    }

    /// A list of words, which may be written as one string.
    package func words(_ key: Key) throws -> [String]? {
        guard contains(key), try !decodeNil(forKey: key) else { return nil }
        do { return try decode([String].self, forKey: key) } catch is DecodingError {
            // Before API 1.15 `Cmd` and `Entrypoint` could be a plain string, and Docker still reads it.
            return [try decode(String.self, forKey: key)]
        }
    }
}

extension KeyedEncodingContainer {
    /// Writes `value` unless it is the type's zero value: Go's `omitempty`.
    package mutating func encodeUnlessZero<T: Encodable & Equatable>(_ value: T, _ zero: T, _ key: Key) throws {
        if value != zero { try encode(value, forKey: key) }
    }

    /// Writes a set as an object whose values are `{}`.
    package mutating func encode(keys: Set<String>, forKey key: Key) throws {
        try encode(Dictionary(uniqueKeysWithValues: keys.map { ($0, EmptyObject()) }), forKey: key)
    }
}

/// `{}`.
package struct EmptyObject: Codable, Sendable, Equatable {
    package init() {}
}
