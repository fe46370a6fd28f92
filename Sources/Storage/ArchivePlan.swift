import Archive
import OCI

/// What an archive says is in it, before anything of it is believed.
struct PlannedImage {
    /// The configuration, whose digest will be the image's ID.
    let config: [UInt8]
    /// Bottom first, as many as the configuration has diff IDs.
    let layers: [PlannedLayer]
    let references: [Reference]
}

/// Reads the tables of contents of the archives that Docker, Podman, skopeo and others write.
struct ArchivePlanner {
    let spool: Spool
    let limits: ArchiveLimits

    /// The images in the archive, in its order.
    func plan() throws -> [PlannedImage] {
        if let manifest = spool.member("manifest.json") { return try planDocker(manifest) }
        if let index = spool.member("index.json") { return try planOCI(index) }
        if let repositories = spool.member("repositories") { return try planLegacy(repositories) }
        throw StorageError.badArchive(
            member: "",
            reason: "it has no manifest.json, no index.json and no repositories, so it holds no image",
            remedy: "load what docker save, podman save or skopeo wrote; for a root file system use import"
        )
    }

    private struct ManifestItem: Decodable {
        var config: String
        var repoTags: [String]?
        var layers: [String]?
        enum CodingKeys: String, CodingKey { case config = "Config", repoTags = "RepoTags", layers = "Layers" }
    }

    private func planDocker(_ manifest: Spool.Member) throws -> [PlannedImage] {
        try decode([ManifestItem].self, manifest).map { item in
            let raw = try spool.bytes(of: need(item.config, by: manifest.name), limit: Int64(ImageDatabase.longest))
            let diffs = try diffIDs(raw, item.config)
            let names = item.layers ?? []
            guard names.count == diffs.count else {
                throw bad(
                    manifest.name,
                    "invalid manifest, layers length mismatch: expected \(diffs.count), got \(names.count)"
                )
            }
            let layers = try zip(names, diffs).map { name, diff in
                PlannedLayer(try need(name, by: manifest.name), of: spool, diff, isBlob: false)
            }
            return PlannedImage(config: raw, layers: layers, references: try (item.repoTags ?? []).map(reference))
        }
    }

    private func diffIDs(_ raw: [UInt8], _ name: String) throws -> [DiffID] {
        do { return try ImageDatabase.parse(raw).diffIDs } catch StorageError.badArchive(_, let reason, let remedy) {
            throw StorageError.badArchive(member: name, reason: reason, remedy: remedy)
        }
    }

    private func reference(_ text: String) throws -> Reference {
        do throws(ReferenceError) { return try Reference(text).tagged } catch {
            throw bad("manifest.json", "invalid tag \"\(text)\": \(error)")
        }
    }

    private func planOCI(_ member: Spool.Member) throws -> [PlannedImage] {
        let index = try decode(Index.self, member)
        var planned: [PlannedImage] = []
        var barren: Set<Digest> = []
        for descriptor in Self.suitable(index.manifests, orAll: true) {
            guard let manifest = try manifest(descriptor, depth: 0, &barren) else { continue }
            planned.append(try plan(manifest, named: Self.references(descriptor.annotations ?? [:])))
        }
        guard !planned.isEmpty else {
            throw StorageError.badArchive(
                member: member.name,
                reason: "it has no image for linux/\(Platform.host.architecture)",
                remedy: "save the image for this platform"
            )
        }
        // One image under several names stands there several times.
        return planned
    }

    /// The manifest behind a descriptor, through lists of manifests; nil if none is for this platform.
    ///
    /// Each list that had none is looked at once: lists can name each other many times.
    private func manifest(_ descriptor: Descriptor, depth: Int, _ barren: inout Set<Digest>) throws -> Manifest? {
        if barren.contains(descriptor.digest) { return nil }
        let blob = try blob(descriptor)
        let isList = [MediaType.index, MediaType.dockerManifestList].contains(descriptor.mediaType ?? "")
        guard isList else { return try decode(Manifest.self, blob) }
        guard depth < 8 else { throw bad(blob.name, "lists of manifests are nested too deeply") }
        let index = try decode(Index.self, blob)
        for inner in Self.suitable(index.manifests, orAll: false) {
            if let found = try manifest(inner, depth: depth + 1, &barren) { return found }
        }
        barren.insert(descriptor.digest)
        return nil
    }

    private func plan(_ manifest: Manifest, named references: [Reference]) throws -> PlannedImage {
        let config = try blob(manifest.config)
        let raw = try spool.bytes(of: config, limit: Int64(ImageDatabase.longest))
        let diffs = try diffIDs(raw, config.name)
        guard manifest.layers.count == diffs.count else {
            throw bad(
                config.name,
                "it has \(diffs.count) layers, and the manifest that names it \(manifest.layers.count)"
            )
        }
        let layers = try zip(manifest.layers, diffs).map { descriptor, diff in
            PlannedLayer(try blob(descriptor), of: spool, diff, isBlob: true)
        }
        return PlannedImage(config: raw, layers: layers, references: references)
    }

    /// The blob that a descriptor points at; its bytes must have the digest that names it.
    private func blob(_ descriptor: Descriptor) throws -> Spool.Member {
        let blob = try need("blobs/sha256/\(descriptor.digest.hex)", by: "index.json")
        guard blob.digest == descriptor.digest, blob.size == descriptor.size else {
            throw bad(
                blob.name,
                "expected \(descriptor.digest) of \(descriptor.size) bytes, got \(blob.digest) of \(blob.size) bytes"
            )
        }
        return blob
    }

    /// What is for this platform, or says nothing of a platform.
    private static func suitable(_ descriptors: [Descriptor], orAll: Bool) -> [Descriptor] {
        let fitting = descriptors.filter { descriptor in
            guard let platform = descriptor.platform else { return true }
            return platform.os == "linux" && platform.architecture == Platform.host.architecture
        }
        return fitting.isEmpty && orAll && descriptors.count == 1 ? descriptors : fitting
    }

    /// containerd's annotation has the full name; OCI's has one too, or only a tag, which names no image.
    private static func references(_ annotations: [String: String]) -> [Reference] {
        let full = annotations["io.containerd.image.name"]
        let short = annotations["org.opencontainers.image.ref.name"].flatMap {
            $0.contains { ":/".contains($0) } ? $0 : nil
        }
        guard let name = full ?? short else { return [] }
        // A name that Docker does not take is no reason to refuse the image.
        return ((try? Reference(name))?.tagged).map { [$0] } ?? []
    }

    func need(_ name: String, by table: String) throws -> Spool.Member {
        guard let member = spool.member(name) else {
            let blob = name.hasPrefix("blobs/sha256/") ? " (sha256:\(name.dropFirst(13)))" : ""
            throw bad(table, "it names \(name)\(blob), which is not in the archive")
        }
        return member
    }

    func decode<T: Decodable>(_ type: T.Type, _ member: Spool.Member) throws -> T {
        let bytes = try spool.bytes(of: member)
        do { return try JSON.decode(type, from: bytes) } catch {
            throw bad(member.name, "it is not the JSON that it should be: \(JSON.reason(error))")
        }
    }

    func bad(_ member: String, _ reason: String) -> StorageError {
        .badArchive(member: member, reason: reason, remedy: "the archive is damaged or incomplete; make it again")
    }
}
