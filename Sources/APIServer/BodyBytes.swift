import Archive
import HTTPServer

/// A request's body for the archive code, which reads on a thread that may block.
final class BodySource: ByteSource, Sendable {
    private let body: RequestBody

    init(_ body: RequestBody) { self.body = body }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try body.readBlocking(into: buffer) }
}

/// A response's body for the archive code, which writes on a thread that may block.
final class BodySink: ByteSink, Sendable {
    private let writer: StreamWriter

    init(_ writer: StreamWriter) { self.writer = writer }

    func write(_ bytes: UnsafeRawBufferPointer) throws { try writer.writeBlocking(bytes) }
}
