package import Archive
import Linux
import Registry

/// Where the tar of an image that is made of one comes from.
package enum ImportSource: Sendable {
    /// The client.
    case body(any ByteSource & Sendable)
    /// A server.
    case url(String)

    func reading<T>(
        _ session: HTTPSession,
        _ cancellation: Cancellation,
        _ body: (any ByteSource) throws -> T
    ) throws -> T {
        switch self {
        case .body(let source): return try body(source)
        case .url(let url):
            let source = try PipedSource { try WebFile.fetch(url, session, to: $0, cancellation) }
            let whole = WholeSource(source)
            let result = Result { try body(whole) }
            // Who has a whole tar wants nothing that may come after it.
            if !whole.hasEnded { cancellation.cancel() }
            let failure = whole.hasEnded ? nil : source.abandon()
            if case .failure = result, let failure, !(failure is CancellationError) { throw failure }
            return try result.get()
        }
    }
}

/// At its end it is known whether all has come: before anything is made of it.
private final class WholeSource: ByteSource {
    private let source: PipedSource
    private(set) var hasEnded = false

    init(_ source: PipedSource) { self.source = source }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if hasEnded { return 0 }
        let count = try source.read(into: buffer)
        if count == 0 && !buffer.isEmpty {
            hasEnded = true
            try source.finish()
        }
        return count
    }
}
