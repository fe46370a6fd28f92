import FoundationEssentials
import Glibc
import GraphDrivers
import HTTPClient
import Linux
import PluginProtocol
import Synchronization
import SystemPackage

/// A plug-in that is asked: connections that are kept, and its greeting, again after each break.
///
/// A request is sent once. What may be tried again is connecting, of which the plug-in has seen nothing.
final class Plugin: Sendable {
    let name: String
    let address: PluginAddress
    let options: RemoteOptions
    private let home: FilePath
    let isExamined: Bool

    /// Used by one call at a time: it is taken out of the list.
    private struct Connection: @unchecked Sendable {
        let client: Client
        /// A copy of this process has the same connections, and would disturb the talk.
        let process = getpid()
    }
    private let idle = Mutex([Connection]())
    /// What the plug-in promised when it was greeted; nil: it is to be greeted, it may be another process.
    private let greeted = Mutex(PluginPromises?.none)
    /// Which process that was.
    private let greeter = Mutex(Int32?.none)

    /// One that is only `examined` is not told its home, which may be another daemon's.
    init(_ name: String, at address: PluginAddress, home: FilePath, options: RemoteOptions, examined: Bool) {
        self.name = name
        self.address = address
        self.home = home
        self.options = options
        isExamined = examined
    }

    /// What the plug-in promises; greets it if that is due.
    func promises() throws -> PluginPromises {
        try using(.capabilities, about: nil) { _, promises in promises }
    }

    /// A call whose answer is small. Throws `RemoteError`, or `DriverError` where the plug-in refused.
    func ask(_ call: PluginCall, _ request: PluginRequest = PluginRequest()) throws -> PluginAnswer {
        try using(call, about: request.id) { client, promises in
            try send(call, promises.homes == true ? homed(request) : request, on: client)
        }
    }

    /// A call that is about a stream: `body` may wait for each next byte as long as for an answer.
    func stream<Result>(
        _ call: PluginCall,
        _ request: PluginRequest,
        _ body: (Client, PluginRequest, PluginPromises) throws -> Result
    ) throws -> Result {
        try using(call, about: request.id) { client, promises in
            client.limits = limitsOfWork
            return try body(client, homed(request), promises)
        }
    }

    /// Sends a call whose answer is a stream.
    func begin(
        _ call: PluginCall,
        _ request: PluginRequest,
        _ promises: PluginPromises,
        on client: Client
    ) throws -> ClientResponse {
        var request = request
        if promises.homes != true { request.home = nil }
        return try client.send(Self.request(call, request))
    }

    private func homed(_ request: PluginRequest) -> PluginRequest {
        var request = request
        request.home = home.string
        return request
    }

    /// Lends a connection to a greeted plug-in. It is kept if all went well.
    private func using<Result>(
        _ call: PluginCall,
        about layer: String?,
        _ body: (Client, PluginPromises) throws -> Result
    ) throws -> Result {
        do {
            let client = try connected()
            let promises = try greeted.withLock { known in
                if let known { return known }
                let promises = try greet(client)
                known = promises
                return promises
            }
            let result = try body(client, promises)
            idle.withLock { $0.append(Connection(client: client)) }
            return result
        } catch let error as ClientError {
            forget()
            throw self.error(call, layer, RemoteError.Reason(error, timeout: options.timeout))
        }
    }

    /// The next call greets again: whoever answers then need not be who was greeted.
    private func forget() {
        greeted.withLock { $0 = nil }
        idle.withLock { $0 = [] }
    }

    private func connected() throws -> Client {
        while let kept = idle.withLock({ $0.popLast() }) {
            if kept.process != getpid() { continue }
            if kept.client.isConnected { return kept.client }
            forget()
        }
        let client = Client(path: address.socket.string)
        let start = ContinuousClock.now
        var pause: UInt32 = 20_000
        while true {
            do {
                try client.connect()
                // Started again since it was greeted: it knows nothing of a home.
                let peer = client.peer
                let isOther = greeter.withLock { old in
                    defer { old = peer }
                    return old != peer
                }
                if isOther { forget() }
                return client
            } catch let error as ClientError {
                guard ContinuousClock.now - start < options.patience else { throw error }
                usleep(pause)
                pause = min(pause * 2, 500_000)
            }
        }
    }

    private func greet(_ client: Client) throws -> PluginPromises {
        let kinds = try send(.activate, nil, on: client).kinds ?? []
        guard kinds.contains(PluginCall.kind) else { throw error(.activate, nil, .otherKind(kinds)) }
        if isExamined { return PluginPromises() }
        var start = PluginRequest(home: home.string)
        start.options = options.passed
        start.namesHome = true
        _ = try send(.initialize, start, on: client)
        let request = try Self.request(.capabilities, PluginRequest(home: home.string))
        client.limits = TimeLimits(deadline: .now + options.timeout)
        let response = try client.send(request)
        if response.status == 404 {  // it is from before there were any
            _ = try response.readAll(limit: 1 << 20)
            return PluginPromises()
        }
        let answer = try answer(of: response, to: .capabilities, about: nil)
        var promises = answer.capabilities ?? PluginPromises()
        promises.exactDiffs = promises.exactDiffs ?? answer.flatExactDiffs
        return promises
    }

    private func send(_ call: PluginCall, _ body: PluginRequest?, on client: Client) throws -> PluginAnswer {
        client.limits = call.takesLonger ? limitsOfWork : TimeLimits(deadline: .now + options.timeout)
        return try answer(of: client.send(Self.request(call, body)), to: call, about: body?.id)
    }

    private static func request(_ call: PluginCall, _ body: PluginRequest?) throws -> ClientRequest {
        var bytes: [UInt8] = []
        if let body { bytes = try Array(JSONEncoder().encode(body)) + [10] }
        return ClientRequest("POST", call.path, headers: [("Accept", PluginCall.mediaType)], body: .json(bytes))
    }

    /// For what takes longer the more data there is: nobody knows how long, but a plug-in that works answers others.
    ///
    /// One that answers others and never this is given up, too, after a while.
    private var limitsOfWork: TimeLimits {
        var limits = TimeLimits(silence: options.timeout)
        limits.mayGoOn = { silences in silences < Self.longestWork && self.isAlive() }
        return limits
    }

    /// How often the time of a call is what work may take.
    private static let longestWork = 24

    /// Whether it answers, on a connection of its own, what every plug-in can answer at once.
    private func isAlive() -> Bool {
        let client = Client(path: address.socket.string)
        client.limits = TimeLimits(deadline: .now + options.timeout)
        guard let response = try? client.send(Self.request(.activate, nil)) else { return false }
        return (try? response.readAll(limit: 1 << 20)) != nil
    }

    /// Reads the answer to its end. Throws `DriverError` where the plug-in refused.
    func answer(of response: ClientResponse, to call: PluginCall, about layer: String?) throws -> PluginAnswer {
        let bytes = try response.readAll(limit: response.status == 200 ? 64 << 20 : 1 << 20)
        return try answer(in: bytes, status: response.status, to: call, about: layer)
    }

    /// The answer that these bytes are. Throws `DriverError` where the plug-in refused.
    func answer(in bytes: [UInt8], status: Int, to call: PluginCall, about layer: String?) throws -> PluginAnswer {
        let answer = try? JSONDecoder().decode(PluginAnswer.self, from: Data(bytes))
        if status != 200 || answer?.error?.isEmpty == false {
            let text = answer?.error ?? String(decoding: bytes.prefix(1000), as: UTF8.self)
            if let known = answer?.refusal?.error(of: name) { throw known }
            let words = text.split(whereSeparator: \.isNewline).joined(separator: " ")
            let reason = words.isEmpty ? "status \(status)" : words
            throw DriverError.refused(driver: name, call: Self.text(call, layer), reason: reason)
        }
        guard let answer else {
            let start = String(decoding: bytes.prefix(60), as: UTF8.self)
            throw error(call, layer, .garbage(bytes.isEmpty ? "it is empty" : "it begins with '\(start)'"))
        }
        return answer
    }

    func error(_ call: PluginCall, _ layer: String?, _ reason: RemoteError.Reason) -> RemoteError {
        RemoteError(plugin: "\(name) (\(address))", call: Self.text(call, layer), reason: reason)
    }

    private static func text(_ call: PluginCall, _ layer: String?) -> String {
        call.rawValue + (layer.map { " of layer \($0)" } ?? "")
    }
}

extension RemoteError.Reason {
    init(_ error: ClientError, timeout: Duration) {
        switch error {
        case .unreachable(_, let errno): self = .away("\(errno)")
        case .brokenOff: self = .brokenOff
        case .timedOut: self = .silent(seconds: Int(timeout / .seconds(1)))
        case .malformed(let what): self = .garbage(what)
        case .tooLarge(let limit): self = .garbage("it has more than \(limit >> 20) MiB")
        case .badHost(let host): self = .away(host)
        }
    }
}
