import Archive
import FoundationEssentials
import Linux
import Logging
package import OCI
package import Registry
import Storage

extension Engine {
    /// Fetches an image from a registry, or all of a repository where `reference` has neither tag nor digest; what is here
    /// already is not fetched again.
    ///
    /// Ends when the caller's task is cancelled; what was fetched by then is there for the next time.
    package func pull(
        _ reference: Reference,
        platform: String?,
        credentials: Credentials,
        report: @escaping @Sendable (TransferProgress) -> Void
    ) async throws {
        let wanted = try ImagePlatform.parse(platform)
        let cancellation = Cancellation()
        let pull = ImagePull(
            store: store,
            registry: registry,
            reference: reference,
            platform: wanted,
            credentials: credentials,
            cancellation: cancellation,
            report: report
        )
        let pulled: @Sendable (Reference, ImageID) -> Void = { name, id in
            self.emit(image: "pull", name.familiar, name: name.familiarName)
            self.log.debug("pulled", metadata: ["image": "\(id)", "name": "\(name.familiar)"])
        }
        try await metrics.pulling { try await onRegistry(cancellation) { try pull.run(pulled) } }
    }

    /// Runs `body` where it may block, and cancels when the caller's task is; a registry's errors become the engine's.
    func onRegistry<T: Sendable>(
        _ cancellation: Cancellation,
        _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        do {
            return try await withTaskCancellationHandler(
                operation: { try await onStore { _ in try body() } },
                onCancel: { cancellation.cancel() }
            )
        } catch let error as RegistryError {
            let kind: EngineError.Kind =
                switch error {
                case .denied: .notFound
                case .notFound: .notFound
                case .unsupported: .notFound
                case .network, .server, .wrongDigest, .malformed: .failed
                }
            throw EngineError(kind, error.description)
        }
    }
}

/// How far a pull or push is: a line of its own for each `id`.
package struct TransferProgress: Sendable, Equatable {
    package var id: String?
    package var status: String
    package var current: Int64?
    package var total: Int64?

    init(_ status: String, id: String? = nil, current: Int64? = nil, total: Int64? = nil) {
        (self.id, self.status, self.current, self.total) = (id, status, current, total)
    }
}

/// One image on its way from a registry. Blocks.
struct ImagePull: Sendable {
    let store: Store
    let registry: RegistryAccess
    /// Without tag and digest: all tags.
    var reference: Reference
    let platform: Platform?
    let credentials: Credentials
    let cancellation: Cancellation
    let report: @Sendable (TransferProgress) -> Void

    /// Tells of each that is there with `pulled`.
    func run(_ pulled: (Reference, ImageID) -> Void) throws {
        let repository = try registry.repository(reference, credentials)
        let isWhole = reference.tag == nil && reference.digest == nil
        let tags: [String?] = isWhole ? try repository.tags(cancellation) : [reference.tag]
        var isNew = false
        for tag in tags {
            var one = self
            one.reference.tag = tag
            let (id, isNewToo) = try one.fetch(repository)
            isNew = isNew || isNewToo
            pulled(one.reference, id)
        }
        let what = isNew ? "Downloaded newer image for" : "Image is up to date for"
        report(TransferProgress("Status: \(what) \(reference.familiar)"))
    }

    /// Fetches what has a tag or a digest.
    private func fetch(_ repository: RemoteRepository) throws -> (id: ImageID, isNew: Bool) {
        // Said when it is known that there is something to pull: what fails before is an answer of its own.
        let asked = reference.digest?.description ?? reference.tag
        let begun = TransferProgress("Pulling from \(reference.path)", id: asked)
        if let (id, digest) = try known(repository) {
            report(begun)
            report(TransferProgress("Digest: \(digest)"))
            return (id, false)
        }
        let top = try repository.manifest(reference.digest?.description ?? reference.tag ?? "latest", cancellation)
        let manifest = try imageManifest(top, repository, depth: 0)
        let config = try repository.blob(manifest.config, limit: 8 << 20, cancellation)
        try checkPlatform(config)
        report(begun)
        var named = reference
        (named.tag, named.digest) = (nil, top.digest)
        let taken = try takeIn(manifest, config, [reference, named], repository)
        report(TransferProgress("Digest: \(top.digest)"))
        return taken
    }

    /// The image, if the tag stands for the same one as here: one small question, which registries do not count.
    private func known(_ repository: RemoteRepository) throws -> (ImageID, Digest)? {
        guard platform == nil, let here = try? store.image(named: reference.familiar) else { return nil }
        guard let tag = reference.tag, reference.digest == nil else { return reference.digest.map { (here.id, $0) } }
        guard let digest = try repository.digest(of: tag, cancellation) else { return nil }
        let isSame = here.digests.contains { $0.name == reference.name && $0.digest == digest }
        return isSame ? (here.id, digest) : nil
    }

    /// The manifest of one image, through lists of manifests.
    private func imageManifest(_ found: RemoteManifest, _ repository: RemoteRepository, depth: Int) throws -> Manifest {
        guard depth < 4 else { throw malformed("lists of manifests are nested too deeply") }
        let type = try kind(of: found)
        switch type {
        case MediaType.index, MediaType.dockerManifestList:
            let index = try decode(Index.self, found)
            let chosen = try PlatformChoice.manifest(in: index, for: platform ?? .host, reference.familiar)
            let next = try repository.manifest(chosen.digest.description, cancellation)
            return try imageManifest(next, repository, depth: depth + 1)
        case MediaType.manifest, MediaType.dockerManifest:
            let manifest = try decode(Manifest.self, found)
            let configType = manifest.config.mediaType ?? MediaType.config
            guard [MediaType.config, MediaType.dockerConfig].contains(configType) else {
                throw RegistryError.unsupported(
                    name: reference.familiar,
                    reason: "\(reference.familiar) is no image: unsupported media type \(configType)"
                )
            }
            return manifest
        default:
            throw RegistryError.unsupported(
                name: reference.familiar,
                reason: "the manifest of \(reference.familiar) is of the type \(type), which is not supported: have it "
                    + "pushed again in the form of Docker's schema 2, or of OCI"
            )
        }
    }

    /// What the bytes say they are, else what the server says.
    private func kind(of found: RemoteManifest) throws -> String {
        struct Marked: Decodable {
            var mediaType: String?
            var schemaVersion: Int?
        }
        let marked = try decode(Marked.self, found)
        if marked.schemaVersion == 1 { return "application/vnd.docker.distribution.manifest.v1+json" }
        return marked.mediaType ?? found.mediaType
    }

    private func decode<T: Decodable>(_ type: T.Type, _ found: RemoteManifest) throws -> T {
        do { return try JSONDecoder().decode(type, from: Data(found.bytes)) } catch {
            throw malformed("the manifest \(found.digest) is not the JSON that it should be")
        }
    }

    private func malformed(_ reason: String) -> RegistryError {
        .malformed(url: reference.familiar, reason: reason)
    }

    private func checkPlatform(_ config: [UInt8]) throws {
        struct Made: Decodable {
            var architecture: String?
            var os: String?
        }
        guard let platform, let made = try? JSONDecoder().decode(Made.self, from: Data(config)) else { return }
        let (os, architecture) = (made.os ?? "linux", made.architecture ?? platform.architecture)
        guard os == platform.os, architecture == platform.architecture else {
            throw RegistryError.unsupported(
                name: reference.familiar,
                reason: "image with reference \(reference.familiar) was found but its platform (\(os)/\(architecture)) "
                    + "does not match the specified platform (\(platform.os)/\(platform.architecture))"
            )
        }
    }
}
