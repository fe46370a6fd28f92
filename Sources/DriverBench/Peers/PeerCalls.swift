import Archive
import FoundationEssentials
import Glibc
import HTTPClient
import SystemPackage

/// Requests to one daemon, one after the other, none of which takes longer than it is given.
final class PeerCalls {
    /// Seconds for an operation that is measured.
    static let patience = 60
    /// Seconds for a question.
    static let shortPatience = 5
    /// No answer that is read here is longer.
    private static let longest = 16 << 20

    private let client: Client
    private let patience: Int
    private var silence: ClientError?

    init(_ socket: FilePath, patience: Int = PeerCalls.patience) {
        client = Client(path: socket.string)
        self.patience = patience
    }

    /// Sends a request, and gives the answer's body.
    @discardableResult
    func send(
        _ method: String,
        _ path: String,
        _ query: [(String, String)] = [],
        json: (any Encodable)? = nil,
        tar: FilePath? = nil
    ) throws -> [UInt8] {
        let call = "\(method) \(path)"
        // A daemon that kept silent once is not waited for again and again.
        if let silence { throw PeerError(call, "not asked any more: \(silence)") }
        do {
            let body = try Self.body(json, tar)
            client.limits = TimeLimits(deadline: .now + .seconds(patience))
            let response = try client.send(ClientRequest(method, path, query: query, body: body))
            let answer = try read(response, of: call)
            guard (200..<300).contains(response.status) else {
                let refusal = try? JSONDecoder().decode(PeerBody.Refusal.self, from: Data(answer))
                throw PeerError(call, refusal?.message ?? "status \(response.status)")
            }
            return answer
        } catch let error as PeerError {
            throw error
        } catch {
            if case .timedOut = error as? ClientError { silence = error as? ClientError }
            throw PeerError(call, "\(error)")
        }
    }

    /// The same, where the answer is JSON.
    func ask<Answer: Decodable>(
        _ type: Answer.Type,
        _ method: String,
        _ path: String,
        _ query: [(String, String)] = [],
        json: (any Encodable)? = nil
    ) throws -> Answer {
        let answer = try send(method, path, query, json: json)
        do { return try JSONDecoder().decode(type, from: Data(answer)) } catch {
            let start = String(decoding: answer.prefix(80), as: UTF8.self)
            throw PeerError("\(method) \(path)", "the answer is not understood: '\(start)'")
        }
    }

    /// The same, where it tells line by line how far it is, and errors only there.
    func follow(
        _ method: String,
        _ path: String,
        _ query: [(String, String)],
        tar: FilePath? = nil
    ) throws {
        let answer = try send(method, path, query, tar: tar)
        for line in answer.split(separator: UInt8(ascii: "\n")) {
            let told = try? JSONDecoder().decode(PeerBody.Progress.self, from: Data(line))
            if let error = told?.error { throw PeerError("\(method) \(path)", error) }
        }
    }

    private static func body(_ json: (any Encodable)?, _ tar: FilePath?) throws -> ClientRequest.Body {
        if let json { return .json(Array(try JSONEncoder().encode(json))) }
        guard let tar else { return .none }
        let source = try FileSource(opening: tar)
        return .stream(type: "application/x-tar") { try source.read(into: $0) }
    }

    private func read(_ response: ClientResponse, of call: String) throws -> [UInt8] {
        var all: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try response.read(into: buffer)
            if count == 0 { return all }
            all += buffer[..<count]
            guard all.count <= Self.longest else { throw PeerError(call, "the answer does not end") }
        }
    }
}
