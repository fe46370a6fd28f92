package import DockerAPI
import OCI

/// `prune`: what nobody uses goes, as far as filters let it.
extension Engine {
    /// Removes containers that do not run; returns their IDs, and the bytes that they had written.
    package func pruneContainers(filters: [String: [String]]) async throws -> (ids: [String], bytes: Int64) {
        let filter = try PruneFilter(filters)
        var pruned: (ids: [String], bytes: Int64) = ([], 0)
        let ended = try await list(all: true, limit: 0, size: true, filters: ["status": ["created", "exited"]])
        for container in ended where filter.takes(container.labels, created: container.created) {
            // One that was started or removed meanwhile is none to prune.
            guard (try? await remove(container.id, force: false)) != nil else { continue }
            pruned.ids.append(container.id)
            pruned.bytes += container.sizeRw ?? 0
        }
        return pruned
    }

    /// Removes images that no container has: those without a name, or all. Bytes of layers that other images share are
    /// counted, too.
    package func pruneImages(
        onlyDangling: Bool,
        filters: [String: [String]]
    ) async throws -> (items: [ImageDeleteItem], bytes: Int64) {
        let filter = try PruneFilter(filters)
        var pruned: (items: [ImageDeleteItem], bytes: Int64) = ([], 0)
        let used = Set(try await list(all: true, limit: 0, size: false, filters: [:]).map(\.imageID))
        let images = try await images(all: false, filters: onlyDangling ? ["dangling": ["true"]] : [:])
        for image in images where !used.contains(image.id) && filter.takes(image.labels ?? [:], created: image.created)
        {
            for name in image.repoTags + image.repoDigests + (image.repoTags.isEmpty ? [image.id] : []) {
                // One that is in use or gone by now is none to prune.
                guard let items = try? await removeImage(name, force: false, prune: true) else { continue }
                pruned.items += items
                if items.contains(where: { $0.deleted == image.id }) { pruned.bytes += image.size }
            }
        }
        return pruned
    }
}

/// Which of what nobody uses is to go: Docker's `label`, `label!` and `until`.
struct PruneFilter {
    private let labels: [String]
    private let unwanted: [String]
    /// Made before this.
    private let until: Timestamp?

    init(_ filters: [String: [String]]) throws {
        labels = filters["label"] ?? []
        unwanted = filters["label!"] ?? []
        let times = filters["until"] ?? []
        guard times.count <= 1 else { throw EngineError(.invalid, "more than one until filter specified") }
        until = try times.first.map { text in
            guard let time = Timestamp(filter: text) else {
                throw EngineError(.invalid, "invalid filter 'until=\(text)': write a time, or a duration as 24h")
            }
            return time
        }
    }

    /// `created` in seconds since 1970.
    func takes(_ own: [String: String], created: Int64) -> Bool {
        labels.allSatisfy { Label.matches($0, own) } && !unwanted.contains { Label.matches($0, own) }
            && until.map { created < $0.seconds } ?? true
    }
}
