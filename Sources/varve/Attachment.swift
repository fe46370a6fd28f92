import DockerAPI
import Glibc
import HTTPClient

/// A container's streams from before it starts to its exit status.
struct Attachment {
    let daemon: Daemon
    let id: String
    let isTTY: Bool
    let usesInput: Bool
    let keys: DetachKeys
    var takesOutput = true
    var takesErrors = true

    /// Attaches, waits in advance, starts, passes everything on; returns the exit status, 0 after detaching.
    ///
    /// Attaching and waiting come first: otherwise output, or the exit itself, of a short command would be missed.
    func run(removed: Bool, proxiesSignals: Bool, start: () throws -> Void) throws -> Int32 {
        let stream = try attach()
        let condition = removed ? "removed" : "next-exit"
        let waiting = try daemon.open(
            ClientRequest("POST", containerPath(id, "/wait"), query: [("condition", condition)])
        )
        var session = try Session(
            daemon: daemon,
            stream: stream,
            isTTY: isTTY,
            usesInput: usesInput,
            detachKeys: keys,
            signalPath: proxiesSignals ? containerPath(id, "/kill") : nil,
            resizePath: containerPath(id, "/resize")
        )
        var startFailed = false
        do {
            let end = try session.run {
                startFailed = true
                try start()
                startFailed = false
            }
            guard end == .finished else { return 0 }
        } catch {
            // With --rm the daemon removes what failed to start, and says so to who waits.
            if startFailed, removed { _ = try? waiting.readAll() }
            throw error
        }
        return try status(of: waiting)
    }

    func attach() throws -> Stream {
        var query = [("stream", "1")]
        if takesOutput { query.append(("stdout", "1")) }
        if takesErrors { query.append(("stderr", "1")) }
        if usesInput { query.append(("stdin", "1")) }
        query.append(("detachKeys", keys.text))
        let response = try daemon.open(
            ClientRequest("POST", containerPath(id, "/attach"), query: query, upgrades: true)
        )
        guard response.status == 101 || response.status == 200 else {
            throw ClientError.malformed("status \(response.status) to attaching")
        }
        return response.stream
    }

    func status(of waiting: ClientResponse) throws -> Int32 {
        let result = try JSON(try waiting.readAll())
        if let message = result["Error"]["Message"].string, !message.isEmpty {
            throw Failure(message: message, status: 125)
        }
        guard let status = result["StatusCode"].int else { throw ClientError.malformed("no StatusCode") }
        return Int32(truncatingIfNeeded: status)
    }
}
