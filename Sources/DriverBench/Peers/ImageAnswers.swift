import Archive
import Hashing
import OCI
import SystemPackage

/// What the registry says to a request (distribution-spec, pull only).
struct ImageAnswers: Sendable {
    enum Content: Sendable {
        case bytes([UInt8])
        case file(FilePath)
    }

    struct Answer: Sendable {
        var status = "200 OK"
        var type = "application/json"
        var digest: String?
        var content = Content.bytes(Array("{}".utf8))
    }

    private let manifest: [UInt8]
    private let blobs: [String: FilePath]

    init(_ image: PeerImage) { (manifest, blobs) = (image.manifest, image.blobs) }

    /// The answer to a GET or a HEAD.
    func answer(to path: Substring) -> Answer {
        let words = path.split(separator: "/")
        guard words.first == "v2" else { return unknown }
        if words.count == 1 { return Answer() }
        guard words.count > 3, let last = words.last else { return unknown }
        let digest = "\(OCI.Digest.of(manifest))"
        switch words[words.count - 2] {
        case "manifests" where last == "latest" || last == digest:
            return Answer(type: MediaType.dockerManifest, digest: digest, content: .bytes(manifest))
        case "blobs":
            guard let file = blobs[String(last)] else { return unknown }
            return Answer(type: "application/octet-stream", digest: String(last), content: .file(file))
        default: return unknown
        }
    }

    private var unknown: Answer { Answer(status: "404 Not Found") }
}
