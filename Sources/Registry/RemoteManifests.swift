import Hashing
package import Linux
package import OCI

/// A manifest, or a list of them, as a registry has it.
package struct RemoteManifest: Sendable {
    /// Byte for byte.
    package let bytes: [UInt8]
    package let mediaType: String
    /// Of the bytes: it was proved.
    package let digest: Digest
}

extension RemoteRepository {
    private static let types = [
        MediaType.index, MediaType.dockerManifestList, MediaType.manifest, MediaType.dockerManifest,
    ]

    private func request(_ method: String) -> HTTPRequest {
        var request = HTTPRequest(method, "")
        request.headers = Self.types.map { ("Accept", $0) }
        return request
    }

    /// The digest that a tag stands for, without fetching what has it; nil where the registry does not say.
    package func digest(of tag: String, _ cancellation: Cancellation) throws -> Digest? {
        let answer = try sendAgain(request("HEAD"), "manifests/\(tag)", cancellation)
        guard answer.status == 200 else { return nil }
        return answer.headers["docker-content-digest"].flatMap { Digest($0) }
    }

    /// The manifest of a tag or digest; a digest is proved.
    package func manifest(_ name: String, _ cancellation: Cancellation) throws -> RemoteManifest {
        let answer = try sendAgain(request("GET"), "manifests/\(name)", cancellation)
        guard answer.status == 200 else {
            if answer.status == 404 { throw missing(name, answer) }
            let reason = "the registry answered \(answer.status) \(RegistryFault.text(answer))"
            throw RegistryError.malformed(url: "\(reference.name):\(name)", reason: reason)
        }
        let digest = Digest.of(answer.body)
        let wanted = Digest(name) ?? answer.headers["docker-content-digest"].flatMap { Digest($0) }
        if let wanted, wanted != digest {
            throw RegistryError.wrongDigest(
                object: "manifest of \(reference.familiar)",
                expected: wanted,
                actual: digest
            )
        }
        let type = answer.headers["content-type"]?.split(separator: ";").first.map { $0.trimmed } ?? ""
        return RemoteManifest(bytes: answer.body, mediaType: type, digest: digest)
    }

    private func missing(_ name: String, _ answer: HTTPAnswer) -> RegistryError {
        let text = RegistryFault.text(answer)
        // Hub says so of what does not exist, and of what is somebody's.
        if text.contains("name unknown") {
            return denied(text)
        }
        let full = "\(reference.familiarName)\(Digest(name) == nil ? ":" : "@")\(name)"
        return .notFound(name: full, reason: "manifest for \(full) not found: \(text)")
    }

    /// Puts a manifest in place, which makes the image: all that it names is there.
    package func putManifest(_ bytes: [UInt8], type: String, as tag: String, _ cancellation: Cancellation) throws {
        var request = HTTPRequest("PUT", "")
        request.headers = [("Content-Type", type)]
        request.body = .bytes(bytes)
        let answer = try sendAgain(request, "manifests/\(tag)", cancellation)
        guard (200..<300).contains(answer.status) else {
            let reason = "the registry answered \(answer.status) \(RegistryFault.text(answer))"
            throw RegistryError.malformed(url: "\(reference.name):\(tag)", reason: reason)
        }
    }
}
