import NIOCore

/// Writes a chunked body.
///
/// Each write goes out at once, as one chunk, and returns when the client can take more.
package struct StreamWriter: Sendable {
    let outbound: Outbound
    /// False for clients of HTTP/1.0, whose body ends with the connection.
    let isChunked: Bool

    /// Throws `HTTPError.clientGone`.
    package func write(_ bytes: some Sequence<UInt8> & Sendable) async throws {
        let buffer = ByteBuffer(bytes: bytes)
        guard buffer.readableBytes > 0 else { return }
        try await outbound.write(framed(buffer))
    }

    package func write(_ text: String) async throws { try await write(text.utf8) }

    /// The same on a thread that may block, never on the cooperative pool.
    package func writeBlocking(_ bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count > 0 else { return }
        try outbound.writeBlocking(framed(ByteBuffer(bytes: bytes)))
    }

    private func framed(_ body: ByteBuffer) -> [ByteBuffer] {
        guard isChunked else { return [body] }
        let head = String(body.readableBytes, radix: 16) + "\r\n"
        guard body.readableBytes < 16384 else {
            return [ByteBuffer(string: head), body, ByteBuffer(string: "\r\n")]
        }
        var whole = ByteBuffer()
        whole.reserveCapacity(body.readableBytes + 16)
        whole.writeString(head)
        whole.writeImmutableBuffer(body)
        whole.writeString("\r\n")
        return [whole]
    }
}
