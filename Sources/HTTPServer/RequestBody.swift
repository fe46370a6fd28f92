import NIOCore
import Synchronization

/// Some bytes of a body, as they came from the socket; not copied until somebody asks.
package struct Chunk: Sendable {
    let buffer: ByteBuffer

    package var count: Int { buffer.readableBytes }
    package var bytes: [UInt8] { Array(buffer.readableBytesView) }
    package func withUnsafeBytes<T>(_ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        try buffer.withUnsafeReadableBytes(body)
    }
}

/// A request's body: chunks while they arrive, read by one reader, once.
///
/// Who reads slowly slows the client down.
package final class RequestBody: AsyncSequence, Sendable {
    package typealias Element = Chunk

    private struct State {
        var isFinished: Bool
        var rest = ByteBuffer()
    }

    private let state: Mutex<State>
    private let inbound: Inbound

    init(_ inbound: Inbound) {
        self.inbound = inbound
        state = Mutex(State(isFinished: false))
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        let body: RequestBody
        package func next() async throws -> Chunk? { try await body.next() }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }

    /// The next bytes; nil at the end.
    ///
    /// Throws `clientGone` where the client stopped in the middle.
    package func next() async throws -> Chunk? {
        if let rest = takeRest() { return Chunk(buffer: rest) }
        if isFinished { return nil }
        return try accept(await inbound.next())
    }

    /// Reads on a thread that may block, never on the cooperative pool: up to `buffer.count` bytes, 0 at the end.
    package func readBlocking(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard buffer.count > 0 else { return 0 }
        while true {
            if var rest = takeRest() {
                let count = Swift.min(rest.readableBytes, buffer.count)
                rest.readWithUnsafeReadableBytes { bytes in
                    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
                    return count
                }
                let left = rest
                state.withLock { $0.rest = left }
                return count
            }
            if isFinished { return 0 }
            guard let chunk = try accept(inbound.nextBlocking()) else { return 0 }
            state.withLock { $0.rest = chunk.buffer }
        }
    }

    /// The whole body, for bodies that are small by nature.
    ///
    /// Throws `bodyTooLarge`.
    package func collect(limit: Int = 4 << 20) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await chunk in self {
            guard all.count + chunk.count <= limit else { throw HTTPError.bodyTooLarge(limit: limit) }
            chunk.withUnsafeBytes { all.append(contentsOf: $0) }
        }
        return all
    }

    /// Reads to the end without keeping anything: a socket closed with unread bytes resets the client, which then
    /// loses the answer.
    func drain() async {
        while let chunk = try? await next() { _ = chunk }
    }

    var isFinished: Bool { state.withLock { $0.isFinished } }

    private func takeRest() -> ByteBuffer? {
        state.withLock { state in
            guard state.rest.readableBytes > 0 else { return nil }
            defer { state.rest = ByteBuffer() }
            return state.rest
        }
    }

    private func accept(_ part: Inbound.Part?) throws -> Chunk? {
        switch part {
        case .body(let buffer): return Chunk(buffer: buffer)
        case .end:
            state.withLock { $0.isFinished = true }
            return nil
        case .head, nil:
            state.withLock { $0.isFinished = true }
            throw HTTPError.clientGone
        }
    }
}
