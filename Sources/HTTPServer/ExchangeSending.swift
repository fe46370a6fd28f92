import NIOCore
import NIOHTTP1

extension Exchange {
    /// Sends `response`; says whether the connection can take another request.
    func send(_ response: Response, _ body: RequestBody) async throws -> Bool {
        switch response {
        case .bytes(let status, let type, let bytes, let headers):
            return try await send(status, type, bytes, headers, body)
        case .stream(let status, let type, let headers, let endless, let produce):
            if endless { connection.isOpenEnded = true }
            defer { connection.isOpenEnded = false }
            return try await stream(status, type, headers, body, produce)
        case .hijack(let type, let serve):
            connection.isOpenEnded = true
            try await hijack(type, body, serve)
            return false
        }
    }

    private func send(
        _ status: Int,
        _ type: String?,
        _ bytes: [UInt8],
        _ headers: Headers,
        _ body: RequestBody
    ) async throws -> Bool {
        // An upload that failed half-way: read it to its end, or the client never gets to see why.
        await body.drain()
        var fields = common(headers)
        if let type { fields.append(("Content-Type", type)) }
        let hasBody = status != 204 && status != 304
        if hasBody, headers["Content-Length"] == nil { fields.append(("Content-Length", "\(bytes.count)")) }
        let stays = staysOpen
        fields += connectionField(stays)
        var buffer = responseHead(status: status, fields: fields)
        if hasBody, !isHead { buffer.writeBytes(bytes) }
        try await connection.outbound.write([buffer])
        return stays
    }

    private func stream(
        _ status: Int,
        _ type: String,
        _ headers: Headers,
        _ body: RequestBody,
        _ produce: (StreamWriter) async throws -> Void
    ) async throws -> Bool {
        let stays = staysOpen && isCurrent
        var fields = common(headers) + [("Content-Type", type)]
        if isCurrent { fields.append(("Transfer-Encoding", "chunked")) }
        fields += connectionField(stays)
        connection.outbound.send([responseHead(status: status, fields: fields)])
        if isHead {
            await body.drain()
            return stays
        }
        try await produce(StreamWriter(outbound: connection.outbound, isChunked: isCurrent))
        if isCurrent { try await connection.outbound.write([ByteBuffer(string: "0\r\n\r\n")]) }
        await body.drain()
        return stays
    }

    private func hijack(
        _ type: String,
        _ body: RequestBody,
        _ serve: (HijackedConnection) async throws -> Void
    ) async throws {
        await body.drain()
        let status = upgrades ? "101 UPGRADED" : "200 OK"
        let upgrade = upgrades ? "Connection: Upgrade\r\nUpgrade: tcp\r\n" : ""
        var text = "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\n\(upgrade)"
        for (name, value) in service.headers + [(RequestID.header, id)] { text += "\(name): \(value)\r\n" }
        try await connection.becomeRaw(sending: ByteBuffer(string: text + "\r\n"))
        try await serve(HijackedConnection(connection))
    }

    /// The status line's number.
    func status(of response: Response) -> Int {
        switch response {
        case .bytes(let status, _, _, _): status
        case .stream(let status, _, _, _, _): status
        case .hijack: upgrades ? 101 : 200
        }
    }

    private var upgrades: Bool { head.headers.contains(name: "Upgrade") }

    private var isHead: Bool { head.method == .HEAD }

    /// Clients older than HTTP/1.1 know no chunks.
    private var isCurrent: Bool { (head.version.major, head.version.minor) >= (1, 1) }

    /// After a request that asked for an upgrade the parser reads no further request.
    private var staysOpen: Bool { head.isKeepAlive && !upgrades }

    private func common(_ headers: Headers) -> [(String, String)] {
        service.headers + [("Date", httpDate()), (RequestID.header, id)] + headers.fields.map { ($0.name, $0.value) }
    }

    private func connectionField(_ stays: Bool) -> [(String, String)] {
        stays ? (isCurrent ? [] : [("Connection", "keep-alive")]) : [("Connection", "close")]
    }
}
