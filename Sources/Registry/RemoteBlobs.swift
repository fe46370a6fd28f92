package import Archive
import Hashing
package import Linux
package import OCI

extension RemoteRepository {
    /// The size of a blob; nil where the registry does not have it.
    package func size(of blob: Digest, _ cancellation: Cancellation) throws -> Int64? {
        let answer = try sendAgain(HTTPRequest("HEAD", ""), "blobs/\(blob)", cancellation)
        return answer.status == 200 ? answer.headers["content-length"].flatMap { Int64($0) } ?? 0 : nil
    }

    /// A small blob, proved; `limit` is how much it may be.
    package func blob(_ descriptor: Descriptor, limit: Int, _ cancellation: Cancellation) throws -> [UInt8] {
        let answer = try sendAgain(HTTPRequest("GET", ""), "blobs/\(descriptor.digest)", cancellation)
        guard answer.status == 200 else { throw missing(descriptor.digest, answer) }
        let digest = Digest.of(answer.body)
        guard answer.body.count <= limit, digest == descriptor.digest else {
            throw RegistryError.wrongDigest(
                object: "blob of \(reference.familiar)",
                expected: descriptor.digest,
                actual: digest
            )
        }
        return answer.body
    }

    /// Fetches a blob of `size` bytes from `offset` on: `take` gets the bytes that come, and where the first of them stands.
    ///
    /// A server that knows no ranges sends it from its beginning.
    func fetch(
        _ blob: Digest,
        of size: Int64,
        from offset: Int64,
        _ cancellation: Cancellation,
        take: @escaping (Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var request = HTTPRequest("GET", "")
        if offset > 0 { request.headers = [("Range", "bytes=\(offset)-")] }
        request.take = { answer, bytes in
            let start = Self.start(of: answer, asked: offset)
            // A page of a network that wants a log-in first must not be taken for a part of the blob.
            if let length = answer.headers["content-length"].flatMap({ Int64($0) }), start + length != size {
                let reason = "the answer has \(length) bytes, and \(size - start) were to come"
                throw RegistryError.network(url: "\(blob)", reason: reason)
            }
            try take(start, bytes)
        }
        let answer = try send(request, "blobs/\(blob)", cancellation)
        guard [200, 206].contains(answer.status) else { throw missing(blob, answer) }
    }

    /// `Content-Range: bytes 1000-1999/2000`.
    private static func start(of answer: HTTPAnswer, asked: Int64) -> Int64 {
        guard answer.status == 206 else { return 0 }
        let range = answer.headers["content-range"]?.split(separator: " ").last?.split(separator: "-").first
        return range.flatMap { Int64($0) } ?? asked
    }

    private func missing(_ blob: Digest, _ answer: HTTPAnswer) -> RegistryError {
        .notFound(
            name: reference.familiar,
            reason: "blob \(blob) of \(reference.familiar) not found: \(answer.status) \(RegistryFault.text(answer))"
        )
    }

    // MARK: Sending

    /// Takes a blob over from another repository of the same registry; nil where the registry wants it sent, with the
    /// place where it wants it.
    package func mount(_ blob: Digest, from source: String, _ cancellation: Cancellation) throws -> Upload? {
        let path = "blobs/uploads/?mount=\(blob)&from=\(source)"
        let answer = try sendAgain(HTTPRequest("POST", ""), path, cancellation)
        return answer.status == 201 ? nil : try upload(answer, path)
    }

    /// Begins an upload.
    package func beginUpload(_ cancellation: Cancellation) throws -> Upload {
        let answer = try sendAgain(HTTPRequest("POST", ""), "blobs/uploads/", cancellation)
        return try upload(answer, "blobs/uploads/")
    }

    private func upload(_ answer: HTTPAnswer, _ path: String) throws -> Upload {
        guard answer.status == 202 else {
            let reason = "the registry answered \(answer.status) \(RegistryFault.text(answer))"
            throw RegistryError.malformed(url: "\(reference.name)/\(path)", reason: reason)
        }
        return Upload(location: try location(answer, path))
    }

    /// Sends what `source` gives, in one go.
    package func send(_ source: any ByteSource, to upload: Upload, _ cancellation: Cancellation) throws -> Upload {
        var request = HTTPRequest("PATCH", "")
        request.headers = [("Content-Type", "application/octet-stream")]
        request.body = .source(source, length: nil)
        let answer = try send(request, upload.location, cancellation)
        guard (200..<300).contains(answer.status) else {
            let reason = "the registry answered \(answer.status) \(RegistryFault.text(answer))"
            throw RegistryError.malformed(url: upload.location, reason: reason)
        }
        return Upload(location: try location(answer, upload.location))
    }

    /// Ends an upload: the registry proves that it has got what the digest says. `rest` are bytes that were not sent yet.
    package func finish(_ upload: Upload, as blob: Digest, rest: [UInt8] = [], _ cancellation: Cancellation) throws {
        var request = HTTPRequest("PUT", "")
        request.headers = [("Content-Type", "application/octet-stream")]
        request.body = .bytes(rest)
        let path = upload.location + (upload.location.contains("?") ? "&" : "?") + "digest=\(blob)"
        let answer = try send(request, path, cancellation)
        guard answer.status == 201 || answer.status == 204 else {
            let reason = "the registry did not take \(blob): \(answer.status) \(RegistryFault.text(answer))"
            throw RegistryError.malformed(url: upload.location, reason: reason)
        }
    }
}

/// A blob on its way to a registry.
package struct Upload: Sendable {
    /// Where the next bytes are to go: the registry names it anew each time.
    let location: String
}
