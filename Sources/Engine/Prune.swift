package import DockerAPI
import OCI

/// `prune`: what nobody uses goes, as far as filters let it.
extension Engine {
    /// Removes containers that do not run; returns their IDs, and the bytes that they had written.
    package func pruneContainers(filters: [String: [String]]) async throws -> (ids: [String], bytes: Int64) {
        let filter = try PruneFilter(filters)
        var pruned: (ids: [String], bytes: Int64) = ([], 0)
        let ended = try await list(all: true, limit: 0, size: true, filters: ["status": ["created", "exited"]])
        for container in ended {
            // One that was started or removed meanwhile is none to prune.
            guard let created = await (try? containers.find(container.id))?.record.created,
                filter.takes(container.labels, created: created),
                (try? await remove(container.id, force: false)) != nil
            else { continue }
            pruned.ids.append(container.id)
            pruned.bytes += container.sizeRw ?? 0
        }
        events.emit("container", "prune", id: "", attributes: ["reclaimed": "\(pruned.bytes)"])
        return pruned
    }

    /// Removes images that no container has: those without a name, or all. Bytes of layers that other images share are
    /// counted, too.
    package func pruneImages(
        onlyDangling: Bool,
        filters: [String: [String]]
    ) async throws -> (items: [ImageDeleteItem], bytes: Int64) {
        var filters = filters
        filters["dangling"] = onlyDangling ? ["true"] : nil
        var pruned: (items: [ImageDeleteItem], bytes: Int64) = ([], 0)
        let used = Set(try await list(all: true, limit: 0, size: false, filters: [:]).map(\.imageID))
        for image in try await images(all: false, filters: filters) where !used.contains(image.id) {
            for name in image.repoTags + image.repoDigests + (image.repoTags.isEmpty ? [image.id] : []) {
                // One that is in use or gone by now is none to prune.
                guard let items = try? await removeImage(name, force: false, prune: true) else { continue }
                pruned.items += items
                if items.contains(where: { $0.deleted == image.id }) { pruned.bytes += image.size }
            }
        }
        events.emit("image", "prune", id: "", attributes: ["reclaimed": "\(pruned.bytes)"])
        return pruned
    }
}

/// Which containers and networks that nobody uses are to go: Docker's `label`, `label!` and `until`.
struct PruneFilter {
    private let labels: [String]
    private let unwanted: [String]
    /// Made before this.
    private let until: Timestamp?

    init(_ filters: [String: [String]]) throws {
        labels = filters["label"] ?? []
        unwanted = filters["label!"] ?? []
        until = try filters.until()
    }

    /// `created` as records have it, RFC 3339: what was made in the same second before it goes, too.
    func takes(_ own: [String: String], created: String) -> Bool {
        labels.allSatisfy { Label.matches($0, own) } && !unwanted.contains { Label.matches($0, own) }
            && until.map { Timestamp(created) ?? .zero < $0 } ?? true
    }
}
