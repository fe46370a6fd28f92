import Archive
import FoundationEssentials
package import GraphDrivers
import HTTPClient
import HTTPServer
package import Logging
import PluginProtocol
package import SystemPackage

/// Shows a storage driver to other programs, over Docker's plug-in protocol.
package final class DriverServer: Sendable {
    private let homes: ServedHomes
    private let server: CallServer

    /// Layers are in `root`, or, without it, in the home that the client names; `options` come before the client's.
    package init(_ kind: DriverKind, root: FilePath?, options: DriverOptions, log: Logger) {
        homes = ServedHomes(kind, root: root, options: options)
        let answers = CallAnswers(calls: ServedCalls(homes: homes), log: log)
        server = CallServer { try answers.answer($0, on: $1) }
    }

    /// Listens on `path`, for root alone: who can ask a driver can read and change every layer.
    package func listen(unix path: String) throws { try server.listen(unix: path) }

    /// Takes no more calls, waits a while for those under way, then gives back what the driver took of the host, but for
    /// layers that clients have open.
    package func close() throws {
        server.close(grace: 10_000)
        try homes.releaseAll()
    }
}

/// What is sent for each call.
private struct CallAnswers: Sendable {
    let calls: ServedCalls
    let log: Logger

    /// Answers one call; false where the connection is to end.
    func answer(_ head: CallHead, on stream: Stream) throws -> Bool {
        let body = try CallBody(stream, head)
        guard head.isPost, let call = PluginCall(rawValue: String(head.path.dropFirst())) else {
            try body.drain()
            return try send(status: 404, Self.failure(DriverServerError.noSuchCall(head.path)), head, stream)
        }
        do {
            let bytes = call == .applyDiff ? [] : try body.collect()
            if call == .diff { return try diff(Self.request(bytes), head, stream) }
            let answer = try call == .applyDiff ? apply(body, head) : calls.answer(call, Self.request(bytes))
            try body.drain()
            return try send(answer, head, stream)
        } catch let error as StreamBroken {
            log.error("a layer broke off on its way", metadata: ["call": "\(call)", "error": "\(error.cause)"])
            return false
        } catch {
            log.error("refused", metadata: ["call": "\(call)", "error": "\(error)"])
            try body.drain()
            return try send(status: 500, Self.failure(error), head, stream)
        }
    }

    /// The client has got some of the tar already: all that can be told is that it was not all.
    private struct StreamBroken: Error {
        let cause: any Error
    }

    private func diff(_ request: PluginRequest, _ head: CallHead, _ stream: Stream) throws -> Bool {
        let sink = ChunkSink(stream, isKept: head.isKept)
        do {
            try calls.diff(request, to: sink)
            try sink.finish()
        } catch {
            throw sink.hasBegun ? StreamBroken(cause: error) : error
        }
        return head.isKept
    }

    private func apply(_ tar: CallBody, _ head: CallHead) throws -> PluginAnswer {
        let query = head.query
        var meant = PluginRequest(id: query.string("id"), parent: query.string("parent"))
        meant.home = query.string("home")
        var limits = ArchiveLimits()
        limits.entries = query.int("entries") ?? limits.entries
        limits.depth = query.int("depth") ?? limits.depth
        limits.nameLength = query.int("name") ?? limits.nameLength
        limits.expandedBytes = query.int("bytes").map(Int64.init) ?? limits.expandedBytes
        return try calls.apply(tar, meant, limits)
    }

    private func send(status: Int = 200, _ answer: PluginAnswer, _ head: CallHead, _ stream: Stream) throws -> Bool {
        let bytes = Array(try JSONEncoder().encode(answer))
        try stream.answer(status: status, PluginCall.mediaType, bytes, isKept: head.isKept)
        return head.isKept
    }

    private static func request(_ bytes: [UInt8]) throws -> PluginRequest {
        if bytes.allSatisfy({ $0 == 10 || $0 == 32 }) { return PluginRequest() }
        return try JSONDecoder().decode(PluginRequest.self, from: Data(bytes))
    }

    private static func failure(_ error: any Error) -> PluginAnswer {
        var answer = PluginAnswer()
        answer.error = "\(error)"
        answer.refusal = (error as? DriverError).map(PluginRefusal.init)
        return answer
    }
}
