package import Archive
package import DockerAPI
import GraphDrivers
import Linux
package import OCI
package import Storage

/// The verbs on images; lists and inspection have files of their own.
extension Engine {
    package func imageHistory(_ name: String) async throws -> [HistoryItem] {
        try await onStore { store in
            store.history(of: try store.image(named: name)).map { entry in
                var item = HistoryItem()
                item.id = entry.id?.description ?? "<missing>"
                item.created = entry.created?.seconds ?? 0
                item.createdBy = entry.createdBy
                item.comment = entry.comment
                item.size = entry.size
                item.tags = entry.tags.isEmpty ? nil : entry.tags
                return item
            }
        }
    }

    /// Gives an image another name: `repo`, with `tag` unless that is empty.
    package func tagImage(_ name: String, repo: String, tag: String) async throws {
        let target = tag.isEmpty ? repo : "\(repo):\(tag)"
        let id = try await onStore { store in
            try store.tag(name, as: target)
            return try store.image(named: name).id
        }
        emit(image: "tag", id.description, name: target)
    }

    /// Takes a name from an image, and with its last name the image; returns what went, in order.
    package func removeImage(_ name: String, force: Bool, prune: Bool) async throws -> [ImageDeleteItem] {
        let users = await imageUsers()
        let (id, removed) = try await onStore { store in
            let id = try store.image(named: name).id
            return (id, try store.removeImage(name, force: force, prune: prune) { users[$0.description] ?? .unused })
        }
        return removed.map { change in
            var item = ImageDeleteItem()
            switch change {
            case .untagged(let name):
                item.untagged = name
                emit(image: "untag", id.description, name: id.description)
            case .deleted(let id):
                item.deleted = id
                emit(image: "delete", id, name: id)
            }
            return item
        }
    }

    /// Which containers use which image; a running one counts more.
    private func imageUsers() async -> [String: ImageUse] {
        var users: [String: ImageUse] = [:]
        for container in containers.all {
            let image = await container.record.image
            let phase = await container.phase
            if phase == .running || phase == .starting {
                users[image] = .running(container.id)
            } else if users[image] == nil {
                users[image] = .stopped(container.id)
            }
        }
        return users
    }

    /// Takes in the images of an archive, as `docker save` or an OCI tool wrote it.
    package func loadImages(
        _ archive: any ByteSource & Sendable,
        progress: @escaping @Sendable (LoadProgress) -> Void
    ) async throws -> [LoadedImage] {
        let cancellation = Cancellation()
        let loaded = try await withTaskCancellationHandler(
            operation: {
                try await onStore {
                    try $0.load(archive, progress: progress, giveUp: { try cancellation.check() })
                }
            },
            onCancel: { cancellation.cancel() }
        )
        for image in loaded {
            emit(image: "load", image.id.description, name: image.references.first?.familiar ?? image.id.description)
        }
        return loaded
    }

    /// Writes images as an archive that `docker load` and OCI tools read.
    package func saveImages(_ names: [String], to sink: any ByteSink & Sendable) async throws {
        try await onStore { try $0.save(names, to: sink) }
        for name in names {
            if let id = try? store.image(named: name).id { emit(image: "save", id.description, name: name) }
        }
    }

    /// Makes an image of a root file system's archive; `changes` are Dockerfile instructions.
    package func importImage(
        _ tar: ImportSource,
        repo: String,
        tag: String?,
        message: String,
        changes: [String],
        platform: String?,
        progress: @escaping @Sendable (LoadProgress) -> Void
    ) async throws -> ImageID {
        let config = try ImportChanges.apply(changes, to: ContainerConfig())
        let reference = repo.isEmpty ? nil : tag.map { "\(repo):\($0)" } ?? repo
        let wanted = try ImagePlatform.parse(platform)
        let cancellation = Cancellation()
        let image = try await onRegistry(cancellation) { [store, registry] in
            try tar.reading(registry.session, cancellation) { source in
                try store.importImage(
                    source,
                    config: config,
                    reference: reference,
                    message: message,
                    platform: wanted ?? .host,
                    progress: progress
                )
            }
        }
        emit(image: "import", image.id.description, name: reference ?? image.id.description)
        return image.id
    }

    func emit(image action: String, _ id: String, name: String) {
        events.emit("image", action, id: id, attributes: ["name": name])
    }

    /// Runs `body` where it may block; the store's errors become the engine's.
    func onStore<T: Sendable>(_ body: @escaping @Sendable (Store) throws -> T) async throws -> T {
        try await pool.run { [store] in
            do { return try body(store) } catch let error as StorageError {
                throw EngineError(error)
            } catch let error as DriverError {
                throw EngineError(error)
            }
        }
    }
}

extension EngineError {
    /// A driver's option that makes no sense is the caller's mistake.
    init(_ error: DriverError) {
        switch error {
        case .invalidOption, .unknownOption: self.init(.invalid, error.description)
        default: self.init(.failed, error.description)
        }
    }

    init(_ error: StorageError) {
        let kind: Kind =
            switch error.kind {
            case .notFound: .notFound
            case .conflict: .conflict
            case .invalid: .invalid
            case .failed: .failed
            }
        self.init(kind, error.description)
    }
}
