import DockerAPI
import HTTPServer
import OCI
import Storage

/// An answer that tells how far something is, one JSON object after the other.
///
/// What fails before the first object is an HTTP error; after that, the error is an object itself.
enum ProgressStream {
    typealias Report = @Sendable (JSONMessage) -> Void

    static func answer(_ work: @escaping @Sendable (@escaping Report) async throws -> Void) async throws -> Response {
        let (messages, continuation) = AsyncThrowingStream.makeStream(of: JSONMessage.self)
        let task = Task {
            do {
                try await work { continuation.yield($0) }
                continuation.finish()
            } catch { continuation.finish(throwing: error) }
        }
        continuation.onTermination = { _ in task.cancel() }
        // Two iterators, the second going on where the first stopped.
        var start = messages.makeAsyncIterator()
        let first = try await start.next()
        return .stream(contentType: "application/json") { writer in
            do {
                if let first { try await write(first, to: writer) }
                for try await message in messages { try await write(message, to: writer) }
            } catch let error as HTTPError where error == .clientGone {
                throw error
            } catch {
                try await write(JSONMessage(error: error), to: writer)
            }
        }
    }

    /// Docker ends each object with CR LF.
    private static func write(_ message: JSONMessage, to writer: StreamWriter) async throws {
        try await writer.write(try OrderedJSON.encode(message) + [13, 10])
    }
}

extension JSONMessage {
    /// The object that ends a stream in which something failed.
    fileprivate init(error: any Error) {
        self.init()
        let text = Failure.answer(to: error).message
        var detail = ErrorDetail()
        detail.message = text
        (self.error, errorDetail) = (text, detail)
    }

    /// Text to print as it is.
    init(stream: String) {
        self.init()
        self.stream = stream
    }

    init(status: String) {
        self.init()
        self.status = status
    }
}

extension JSONMessage {
    /// How far a layer is.
    init(_ progress: LoadProgress) {
        self.init()
        id = progress.layer.short
        status = progress.status
        var detail = ProgressDetail()
        (detail.current, detail.total) = (progress.current, progress.total)
        progressDetail = detail
    }
}
