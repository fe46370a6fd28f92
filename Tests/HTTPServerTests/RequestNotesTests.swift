import Metrics
import Synchronization
import Testing

@testable import HTTPClient
@testable import HTTPServer

@Suite struct RequestNotesTests {
    @Test(arguments: ["a", "trace-1.A_b", String(repeating: "x", count: 64)])
    func aPlainIDIsTaken(_ id: String) { #expect(RequestID.choose(id) == id) }

    @Test(
        arguments: [nil, "", "a b", "a\"b", "a\u{1b}[31m", "ä", "a=b", String(repeating: "x", count: 65)] as [String?]
    )
    func anyOtherIsReplaced(_ id: String?) {
        let new = RequestID.choose(id)
        #expect(new.utf8.count == 16 && new != id && new != RequestID.choose(id))
    }

    @Test func aHandlersTaskKnowsItsRequest() async throws {
        let route = Route.get("/id") { _ in .text(RequestID.current ?? "none") }
        try await withServer([route]) { path, _ in
            let answer = try await onThread {
                try raw(path, "GET /id HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nConnection: close\r\n\r\n")
            }
            #expect(answer.hasSuffix("\r\n\r\nmine") && answer.contains("X-Request-Id: mine\r\n"))
        }
    }

    /// Who has its answer finds itself counted, under the route's pattern.
    @Test func requestsAreCountedBeforeTheirAnswer() async throws {
        let metrics = Metrics()
        let routes: [Route] = [
            .get("/things/{name}") { _ in .text("") }, .post("/raw") { _ in .hijack(contentType: "x") { _ in } },
        ]
        try await withServer(routes, metrics: metrics) { path, _ in
            try await onThread {
                for name in ["a", "b", "c/d"] {
                    _ = try Client(path: path).send(ClientRequest("GET", "/v1.44/things/\(name)"))
                }
                _ = try Client(path: path).send(ClientRequest("GET", "/nothing"))
                _ = try raw(
                    path,
                    "POST /raw HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
                    shut: true
                )
            }
            let lines = await metrics.exposition().split(separator: "\n").filter {
                $0.hasPrefix("varve_http_requests_total{")
            }
            #expect(
                lines == [
                    #"varve_http_requests_total{method="GET",route="/things/{name}",code="200"} 3"#,
                    #"varve_http_requests_total{method="GET",route="none",code="404"} 1"#,
                    #"varve_http_requests_total{method="POST",route="/raw",code="101"} 1"#,
                ]
            )
        }
    }

    /// A server that ends waits for what has an end, and cuts what has none.
    @Test(.timeLimit(.minutes(20))) func anEndlessAnswerEndsWithTheServer() async throws {
        let seen = Seen()
        let events = Route.get("/events") { _ in
            .stream(contentType: "x", endless: true) { _ in
                defer { seen.isCancelled.store(Task.isCancelled, ordering: .relaxed) }
                try await Task.sleep(for: .seconds(86_400))
            }
        }
        let client = Mutex<Task<Void, any Error>?>(nil)
        try await withServer([events], grace: .seconds(86_400)) { path, _ in
            let reading = Task {
                try await onThread {
                    let stream = try Stream(path: path)
                    try stream.write(Array("GET /events HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
                    _ = try stream.line()
                    seen.isOpen.store(true, ordering: .relaxed)
                    _ = try rest(of: stream)
                }
            }
            client.withLock { $0 = reading }
            while !seen.isOpen.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
        }
        _ = await client.withLock { $0 }?.result
        // Or it would have waited for a day. Its task hears of it after the connection has ended.
        while !seen.isCancelled.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
    }
}

/// What was seen of an answer, from both sides.
private final class Seen: Sendable {
    let isOpen = Atomic(false)
    let isCancelled = Atomic(false)
}
