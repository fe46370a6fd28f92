import Glibc
import Logging
import Metrics
import Synchronization
import Testing

@testable import HTTPClient
@testable import HTTPServer

/// A server on a socket of its own, for one test.
func withServer(
    _ routes: [Route],
    metrics: Metrics? = nil,
    grace: Duration = .seconds(1),
    _ body: (_ path: String, _ server: Server) async throws -> Void
) async throws {
    let path = "/tmp/varve-http-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
    let server = Server(
        routes: routes,
        headers: [("Api-Version", "1.50")],
        failure: { (500, "\($0)") },
        log: Logger(label: "test"),
        metrics: metrics
    )
    try await server.listen(unix: path)
    do {
        try await body(path, server)
    } catch {
        await server.close()
        throw error
    }
    await server.close(grace: grace)
}

/// Blocking work, off the cooperative pool.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        let box = Mutex<(@Sendable () -> Void)?>({ continuation.resume(with: Result { try body() }) })
        let work = Unmanaged.passRetained(Work(box.withLock { $0 }))
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            {
                Unmanaged<Work>.fromOpaque($0.unsafelyUnwrapped).takeRetainedValue().run?(); return nil
            },
            work.toOpaque()
        )
        pthread_detach(thread)
    }
}

private final class Work: Sendable {
    let run: (@Sendable () -> Void)?
    init(_ run: (@Sendable () -> Void)?) { self.run = run }
}

/// One exchange on a connection of its own: everything the server sends until it closes.
func raw(_ path: String, _ text: String, shut: Bool = false) throws -> String {
    let stream = try Stream(path: path)
    try stream.write(Array(text.utf8))
    if shut { stream.finishWriting() }
    return String(decoding: try rest(of: stream), as: UTF8.self)
}

func rest(of stream: Stream) throws -> [UInt8] {
    var all: [UInt8] = []
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
    defer { room.deallocate() }
    while true {
        let count = try stream.read(into: room)
        if count == 0 { return all }
        all += room[..<count]
    }
}
