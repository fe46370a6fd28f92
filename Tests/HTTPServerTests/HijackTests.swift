import Glibc
import Logging
import Synchronization
import SystemPackage
import Testing

@testable import HTTPClient
@testable import HTTPServer

private let upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n"
private let attach = "POST /attach HTTP/1.1\r\nHost: x\r\n" + upgrade

private let echo: [Route] = [
    .post("/attach") { _ in
        .hijack(contentType: "application/vnd.docker.raw-stream") { connection in
            try await connection.write(Array("first\n".utf8))
            while let chunk = await connection.next() { try await connection.write(chunk.bytes) }
            try await connection.write(Array("bye\n".utf8))
        }
    }
]

@Suite struct HijackTests {
    @Test(arguments: [
        ("", "HTTP/1.1 200 OK\r\n"), ("Upgrade: tcp\r\nConnection: Upgrade\r\n", "HTTP/1.1 101 UPGRADED\r\n"),
    ])
    func rawBothWaysAfterTheClientHasShutItsSide(_ headers: String, _ status: String) async throws {
        try await withServer(echo) { path, _ in
            let answer = try await onThread {
                let stream = try Stream(path: path)
                try stream.write(Array("POST /attach HTTP/1.1\r\nHost: x\r\n\(headers)\r\n".utf8))
                let head = try stream.line()
                try stream.write(Array("typed\n".utf8))
                stream.finishWriting()
                return head + "\r\n" + String(decoding: try rest(of: stream), as: UTF8.self)
            }
            #expect(answer.hasPrefix(status))
            #expect(answer.hasSuffix("\r\n\r\nfirst\ntyped\nbye\n"))
        }
    }

    /// docker-py loses what arrives together with the head: it must come alone.
    @Test func theFirstBytesNeverComeWithTheHead() async throws {
        try await withServer(echo) { path, _ in
            let alone = try await onThread {
                try (0..<1000).count { _ in
                    let stream = try Stream(path: path)
                    try stream.write(Array(attach.utf8))
                    var room = [UInt8](repeating: 0, count: 65536)
                    let count = try room.withUnsafeMutableBytes { try stream.read(into: $0) }
                    return room[..<count].suffix(4).elementsEqual([13, 10, 13, 10])
                }
            }
            #expect(alone == 1000)
        }
    }

    @Test(.timeLimit(.minutes(20))) func aHandlerIsCancelledWhenItsClientGoes() async throws {
        let wasCancelled = Atomic(false)
        let waits = Route.get("/wait") { _ in
            .stream(contentType: "application/json") { _ in
                defer { if Task.isCancelled { wasCancelled.store(true, ordering: .relaxed) } }
                try await Task.sleep(for: .seconds(86_400))
            }
        }
        try await withServer([waits]) { path, _ in
            try await onThread {
                let stream = try Stream(path: path)
                try stream.write(Array("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
                _ = try stream.line()
            }
            // A copy of this process that another test kills may hold the connection open until then.
            while !wasCancelled.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    @Test func aSocketInUseIsNamedAndALeftOverOneIsTakenOver() async throws {
        try await withServer(echo) { path, _ in
            let second = Server(routes: [], headers: [], failure: { (500, "\($0)") }, log: Logger(label: "test"))
            await #expect(throws: HTTPError.socketInUse(path: path)) { try await second.listen(unix: path) }
            let left = path + ".left"
            let (_, descriptor) = try SocketFile.listen(path: left, mode: 0o660, group: nil)
            // Also for a copy of this process that another test kills: nobody listens any more.
            _ = shutdown(descriptor.rawValue, CInt(SHUT_RDWR))
            try descriptor.close()
            try await second.listen(unix: left)
            var status = stat()
            #expect(stat(left, &status) == 0 && status.st_mode & 0o777 == 0o660)
            await second.close()
            #expect(stat(left, &status) != 0)
        }
    }
}
