// The one place where bodies become values and values become bodies.

import Engine
import FoundationEssentials
import HTTPServer

extension Request {
    /// Reads the body as JSON; unknown keys are ignored.
    ///
    /// Throws `EngineError` `invalid` that says what is wrong.
    func json<T: Decodable>(_ type: T.Type) async throws -> T {
        guard let bytes = try await jsonBytes() else {
            throw EngineError(.invalid, "invalid JSON: got EOF while reading request body")
        }
        return try Self.decode(type, bytes)
    }

    /// The same where an empty body stands for a value: `docker` before 1.30 sent none.
    func json<T: Decodable>(_ type: T.Type, orEmpty empty: T) async throws -> T {
        guard let bytes = try await jsonBytes() else { return empty }
        return try Self.decode(type, bytes)
    }

    /// The body; nil where it is blank.
    ///
    /// It must be called JSON: a web page may send any text to an address of its reader's machine, but not under this name.
    private func jsonBytes() async throws -> [UInt8]? {
        let bytes = try await body.collect()
        guard !bytes.allSatisfy(\.isBlank) else { return nil }
        let given = headers["Content-Type"] ?? ""
        guard given.prefix(while: { $0 != ";" && $0 != " " }).lowercased() == "application/json" else {
            throw EngineError(.invalid, "unsupported Content-Type header (\(given)): must be 'application/json'")
        }
        return bytes
    }

    private static func decode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) throws -> T {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch let error as DecodingError {
            throw EngineError(.invalid, "invalid JSON: \(reason(error))")
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return path.isEmpty ? "the body" : path.joined(separator: ".")
        }
        switch error {
        case .dataCorrupted(let context): return "\(place(context)): \(context.debugDescription)"
        case .keyNotFound(let key, let context): return "\(place(context)): the key \(key.stringValue) is missing"
        case .typeMismatch(let type, let context):
            return "\(place(context)) must be of the type \(type)"
        case .valueNotFound(let type, let context): return "\(place(context)): null where \(type) is needed"
        @unknown default: return "it can't be read"
        }
    }
}

extension Response {
    /// `value` as JSON, with the newline that Docker's answers end with.
    static func json(_ value: some Encodable, status: Int = 200) throws -> Response {
        .json(try OrderedJSON.encode(value) + [UInt8(ascii: "\n")], status: status)
    }
}

extension StreamWriter {
    /// Writes `value` and a line's end: one message of a stream.
    func write(line value: some Encodable) async throws {
        try await write(try OrderedJSON.encode(value) + [UInt8(ascii: "\n")])
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == 32 || (9...13).contains(self) }
}
