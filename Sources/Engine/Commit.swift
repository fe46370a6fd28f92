package import OCI
import Storage

/// What `commit` is asked for.
package struct CommitRequest: Sendable {
    package var repo = ""
    package var tag: String?
    package var comment = ""
    package var author = ""
    /// Dockerfile lines, as `import` takes them.
    package var changes: [String] = []
    /// Replaces parts of the container's configuration.
    package var config: ContainerConfig?
    /// Whether the container stands still meanwhile.
    package var pause = true

    package init() {}
}

extension Engine {
    /// Makes an image of a container: its image's layers, and one with what it changed.
    ///
    /// A running container stands still meanwhile; if it shall not, what it writes may be in the image by half.
    package func commit(_ name: String, _ request: CommitRequest) async throws -> ImageID {
        let began = ContinuousClock.now
        defer { metrics.took(.commit, since: began) }
        let container = try containers.find(name)
        // Without a freezer there is no way to stop it; there never was a reason not to commit.
        guard request.pause, cgroupVersion != nil else { return try await take(container, request) }
        return try await whilePaused(container) { try await take(container, request) }
    }

    private func take(_ container: Container, _ request: CommitRequest) async throws -> ImageID {
        let record = await container.record
        let changed = try ImportChanges.apply(request.changes, to: request.config ?? ContainerConfig())
        let config = Merge.config(changed, with: record.config)
        let reference = request.repo.isEmpty ? nil : request.tag.map { "\(request.repo):\($0)" } ?? request.repo
        let image = try await onStore { store in
            let parent = ImageID(record.image).flatMap { store.image($0) }
            var image = Self.child(of: parent?.config ?? ImageConfig(), record, request)
            image.config = config
            return try store.commit(record.id, as: image, parent: parent?.id, reference: reference)
        }
        let attributes = ["comment": request.comment, "imageID": image.id.description, "imageRef": reference ?? ""]
        emit("commit", record, attributes)
        return image.id
    }

    /// The new image but for its configuration and its layers.
    private static func child(of parent: ImageConfig, _ record: ContainerRecord, _ request: CommitRequest)
        -> ImageConfig
    {
        var image = ImageConfig()
        image.architecture = parent.architecture.isEmpty ? Host.architecture : parent.architecture
        image.variant = parent.variant
        image.os = "linux"
        image.osVersion = parent.osVersion
        image.created = .now
        image.author = request.author
        image.comment = request.comment
        image.container = record.id
        image.containerConfig = record.config
        var step = ImageHistory()
        step.created = image.created
        step.createdBy = ([record.path] + record.args).joined(separator: " ")
        step.author = request.author
        step.comment = request.comment
        image.history = parent.history + [step]
        return image
    }
}
