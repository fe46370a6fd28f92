import NIOCore
package import SystemPackage

/// A connection that is no HTTP any more: bytes in, bytes out, each direction ending on its own.
package final class HijackedConnection: Sendable {
    private let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    /// What the client sends; nil when it shut its sending side.
    package func next() async -> Chunk? {
        guard case .body(let buffer) = await connection.inbound.next() else { return nil }
        return Chunk(buffer: buffer)
    }

    /// What the client sends, until it shuts its sending side.
    package var inbound: AsyncStream<Chunk> { AsyncStream { await self.next() } }

    /// Sends; returns when the client can take more.
    ///
    /// Throws `HTTPError.clientGone`.
    package func write(_ bytes: some Sequence<UInt8> & Sendable) async throws {
        await connection.awaitHeadersRead()
        try await connection.outbound.write([ByteBuffer(bytes: bytes)])
    }

    /// Shuts the sending side after everything written was sent; the client may go on sending.
    package func finishWriting() async throws {
        try await connection.outbound.flushed()
        await connection.shutOutput()
    }

    /// Joins the client with `descriptor`, a connected UNIX stream socket, which it takes over and closes.
    ///
    /// Each side's end of sending is passed on to the other. Returns when the descriptor's side has ended and the client got
    /// everything, or when the client is gone: a client that merely keeps its sending side open holds nothing up.
    ///
    /// What the client sends goes through `filter`, which may end it all; returns whether it did.
    @discardableResult
    package func pipe(to descriptor: SystemPackage.FileDescriptor, filter: Filter? = nil) async throws -> Bool {
        await connection.awaitHeadersRead()
        return try await connection.relay(to: descriptor, filter)
    }

    /// What of the bytes is passed on, and whether those are the last.
    package typealias Filter = @Sendable (UnsafeRawBufferPointer) -> (passed: [UInt8], isEnd: Bool)
}
