import Glibc
import Synchronization
import Testing

@testable import HTTPClient
@testable import HTTPServer

private struct Broken: Error {}

private let routes: [Route] = [
    .get("/images/json") { _ in .text("list") },
    .get("/images/{name}/json") { .text("image \($0.parameters["name"] ?? "")") },
    .delete("/images/{name}") { .text("delete \($0.parameters["name"] ?? "")") },
    .get("/q") { .text("\($0.query.flag("a")) \($0.query.strings("n")) \($0.apiVersion)") },
    .post("/echo") { .bytes(status: 200, contentType: nil, try await $0.body.collect(limit: 1000)) },
    .get("/stream") { _ in
        .stream(contentType: "application/x-tar") { writer in
            for part in ["one", "two"] { try await writer.write(part) }
        }
    },
    .get("/broken") { _ in throw Broken() },
    .get("/breaks-off") { _ in
        .stream(contentType: "text/plain") {
            try await $0.write("half"); throw Broken()
        }
    },
    .post("/nothing") { _ in .status(204) },
]

private func ask(_ path: String, _ method: String, _ target: String) async throws -> (Int, String, String?) {
    try await onThread {
        let response = try Client(path: path).send(ClientRequest(method, target))
        return (
            response.status, String(decoding: try response.readAll(), as: UTF8.self), response.header("Content-Type")
        )
    }
}

@Suite struct ExchangeTests {
    @Test(arguments: [
        ("GET", "/images/json", 200, "list"),
        ("GET", "/v1.44/images/json", 200, "list"),
        ("GET", "/images/host:5000/a/b:1/json", 200, "image host:5000/a/b:1"),
        ("GET", "/images/a%2Fb/json", 200, "image a/b"),
        ("DELETE", "/v1.24/images/a/b", 200, "delete a/b"),
        ("GET", "/v1.50/q?a=True&n=1&n=x%20y+z", 200, #"true ["1", "x y z"] 1.50"#),
        ("GET", "/q?a=none", 200, "false [] 1.50"),
        ("GET", "/nosuch", 404, #"{"message":"page not found"}"# + "\n"),
        ("PUT", "/images/json", 404, #"{"message":"page not found"}"# + "\n"),
        (
            "GET", "/v1.99/q", 400,
            #"{"message":"client version 1.99 is too new. Maximum supported API version is 1.50"}"# + "\n"
        ),
        (
            "GET", "/v1.10/q", 400,
            "client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\n"
        ),
        ("GET", "/broken", 500, #"{"message":"Broken()"}"# + "\n"),
    ])
    func routing(_ method: String, _ target: String, _ status: Int, _ body: String) async throws {
        try await withServer(routes) { path, _ in
            let answer = try await ask(path, method, target)
            #expect(answer.0 == status)
            #expect(answer.1 == body)
            if body.hasPrefix("{") { #expect(answer.2 == "application/json") }
        }
    }

    @Test func webPagesAreRefused() async throws {
        try await withServer(routes) { path, _ in
            let answer = try await onThread {
                try raw(path, "GET /q HTTP/1.1\r\nHost: x\r\nORIGIN: http://page\r\nConnection: close\r\n\r\n")
            }
            #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        }
    }

    @Test func headHasHeadersAndNoBody() async throws {
        try await withServer(routes) { path, _ in
            let answer = try await onThread {
                try raw(path, "HEAD /images/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            }
            #expect(answer.contains("Content-Length: 4\r\n") && answer.hasSuffix("\r\n\r\n"))
            let stream = try await onThread {
                try raw(path, "HEAD /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            }
            #expect(stream.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func streamsAreChunked() async throws {
        try await withServer(routes) { path, _ in
            let answer = try await onThread {
                try raw(path, "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            }
            #expect(answer.hasSuffix("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
            #expect(answer.contains("Transfer-Encoding: chunked"))
        }
    }

    @Test func aBodyThatBreaksOffDoesNotLookWhole() async throws {
        try await withServer(routes) { path, _ in
            await #expect(throws: ClientError.brokenOff) { try await ask(path, "GET", "/breaks-off") }
        }
    }

    @Test func statusWithoutBody() async throws {
        try await withServer(routes) { path, _ in
            let answer = try await onThread {
                try raw(path, "POST /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            }
            #expect(answer.hasPrefix("HTTP/1.1 204 No Content\r\n") && !answer.contains("Content-Length"))
        }
    }

    @Test func tooLargeABodyIsRefused() async throws {
        try await withServer(routes) { path, _ in
            let status = try await onThread {
                try Client(path: path).send(
                    ClientRequest("POST", "/echo", body: .json([UInt8](repeating: 32, count: 3_000_000)))
                ).status
            }
            #expect(status == 413)
        }
    }

    @Test func connectionsAreKeptAndHalfClosedOnesAnswered() async throws {
        try await withServer(routes) { path, server in
            try await onThread {
                let client = Client(path: path)
                for _ in 0..<10 { _ = try client.send(ClientRequest("GET", "/images/json")).readAll() }
            }
            let answer = try await onThread {
                try raw(path, "GET /images/json HTTP/1.1\r\nHost: x\r\n\r\n", shut: true)
            }
            #expect(answer.hasSuffix("list"))
        }
    }

    @Test func sixtyFourClientsAtOnce() async throws {
        try await withServer(routes) { path, _ in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        try await onThread {
                            let client = Client(path: path)
                            return try (0..<20).count { _ in
                                try client.send(ClientRequest("GET", "/stream")).readAll() == Array("onetwo".utf8)
                            }
                        }
                    }
                }
                var right = 0
                for try await count in group { right += count }
                #expect(right == 64 * 20)
            }
        }
    }
}
