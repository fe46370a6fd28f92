package import Archive
package import DockerAPI
import Storage
import SystemPackage

/// `diff` and `export`.
extension Engine {
    /// What the container changed in its image's tree.
    package func changes(_ name: String) async throws -> [ChangeItem] {
        let began = ContinuousClock.now
        defer { metrics.took(.changes, since: began) }
        let id = try containers.find(name).id
        return try await onStore { store in
            try store.changes(in: id).map { change in
                var item = ChangeItem()
                item.path = change.path.string
                item.kind =
                    switch change.kind {
                    case .modified: 0
                    case .added: 1
                    case .deleted: 2
                    }
                return item
            }
        }
    }

    /// Writes the container's tree as one tar.
    package func export(_ name: String, to sink: any ByteSink & Sendable) async throws {
        let container = try containers.find(name)
        try await onStore { try $0.export(container.id, to: sink) }
        emit("export", await container.record)
    }

    /// The next time that `condition` holds for the container; nil when the caller was cancelled.
    package func wait(_ name: String, _ condition: WaitCondition) async throws -> WaitOutcome? {
        await (try containers.find(name)).wait(for: condition)
    }
}
