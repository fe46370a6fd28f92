import Linux
import OCI
import SystemPackage

/// `distribution/`: which compressed blob holds which layer, so that nothing is fetched or sent twice.
///
/// A cache: what can't be read is as if it were not there, what can't be written is not missed.
struct DistributionMetadata: Sendable {
    /// Where a layer can be found in a registry.
    struct Blob: Codable, Equatable, Sendable {
        let digest: Digest
        /// The full name: `docker.io/library/busybox`.
        let sourceRepository: String
        /// Proves that whoever asks knows the credentials it was fetched with; empty for none.
        let hmac: String

        enum CodingKeys: String, CodingKey {
            case digest = "Digest"
            case sourceRepository = "SourceRepository"
            case hmac = "HMAC"
        }
    }

    private static let mostBlobs = 50
    let folder: FilePath

    /// The layer that a compressed blob holds.
    func diff(ofBlob blob: Digest) -> DiffID? {
        LayerReader.text(folder.appending("diffid-by-digest/sha256").appending(blob.hex)).flatMap { DiffID($0) }
    }

    /// Remembers it.
    func setDiff(_ diff: DiffID, ofBlob blob: Digest) throws {
        try write(Array(diff.description.utf8), to: folder.appending("diffid-by-digest/sha256"), blob.hex)
    }

    /// Where the layer is found, oldest first.
    func blobs(of diff: DiffID) -> [Blob] {
        let path = folder.appending("v2metadata-by-diffid/sha256").appending(diff.hex)
        guard let bytes = try? readFile(path), let blobs = try? JSON.decode([Blob].self, from: bytes) else { return [] }
        return blobs
    }

    /// Remembers a place, as the newest.
    func add(_ blob: Blob, of diff: DiffID) throws {
        let blobs = (self.blobs(of: diff).filter { $0 != blob } + [blob]).suffix(Self.mostBlobs)
        try write(JSON.encode(Array(blobs)), to: folder.appending("v2metadata-by-diffid/sha256"), diff.hex)
    }

    /// Forgets a place.
    func remove(_ blob: Blob, of diff: DiffID) throws {
        let left = blobs(of: diff).filter { $0 != blob }
        let folder = folder.appending("v2metadata-by-diffid/sha256")
        if left.isEmpty {
            try removeTree(folder.appending(diff.hex))
        } else {
            try write(JSON.encode(left), to: folder, diff.hex)
        }
    }

    private func write(_ bytes: [UInt8], to folder: FilePath, _ name: String) throws {
        if !isFolder(folder) { try makeFolders(folder, mode: FilePermissions(rawValue: 0o755)) }
        try writeAtomically(bytes, to: folder.appending(name), mode: FilePermissions(rawValue: 0o644), flush: false)
    }
}
