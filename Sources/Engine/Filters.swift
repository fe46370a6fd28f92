package import OCI

/// What several lists and prunes understand in the same way.
extension [String: [String]] {
    /// A filter that is true or false; nil where it is not asked for. Throws `EngineError.invalid`.
    package func boolean(_ key: String) throws -> Bool? {
        guard let text = self[key]?.first else { return nil }
        switch text.lowercased() {
        case "true", "1", "t": return true
        case "false", "0", "f": return false
        default: throw EngineError(.invalid, "invalid filter '\(key)=[\(text)]'")
        }
    }

    /// The moment of `until`: what was made before it is meant. Throws `EngineError.invalid`.
    package func until() throws -> Timestamp? {
        let times = self["until"] ?? []
        guard times.count <= 1 else { throw EngineError(.invalid, "more than one until filter specified") }
        guard let text = times.first else { return nil }
        guard let time = Timestamp(filter: text) else {
            throw EngineError(.invalid, "invalid filter 'until=[\(text)]': write a time, or a duration as 24h")
        }
        return time
    }
}
