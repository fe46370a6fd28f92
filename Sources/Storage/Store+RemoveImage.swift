package import OCI
import Synchronization

// Docker's rules for `docker rmi`, and its words (moby, `daemon/images/image_delete.go`).
//
// By reference: that name goes; with a repository's last tag its digests go too; with the last name the image goes.
// By ID: refused if the image has names in several repositories. What stands in the way is hard (children, a running
// container) or soft (other names, stopped containers); `force` overrides what is soft.
extension Store {
    /// Takes a name from an image, or removes it altogether, and then its untagged parents if `prune`.
    package func removeImage(
        _ name: String,
        force: Bool,
        prune: Bool,
        inUse: (ImageID) -> ImageUse
    ) throws -> [RemovedItem] {
        let id = try imageID(named: name)
        let names = references.references(to: id)
        var removed: [RemovedItem] = []
        var isQuiet = false
        if !id.description.hasPrefix(name), !id.hex.hasPrefix(name) {
            if !force, Self.areOne(names), let container = inUse(id).container {
                let reason = "container \(container.prefix(12)) is using its referenced image \(id.short)"
                throw StorageError.conflict(
                    "conflict: unable to remove repository reference \"\(name)\" (must force) - \(reason)"
                )
            }
            removed += try untag(parse(name).stored, of: names)
            if !references.references(to: id).isEmpty { return removed }
            isQuiet = true
        } else if Self.areOne(names) {
            try checkConflict(id, inUse(id), ignoring: force ? .soft : .references)
            try references.remove(names)
            removed += names.map { .untagged($0.familiar) }
        }
        try delete(id, force: force, prune: prune, isQuiet: isQuiet, inUse: inUse, &removed)
        return removed
    }

    private func untag(_ reference: Reference, of names: [Reference]) throws -> [RemovedItem] {
        var gone = [reference]
        let rest = names.filter { $0 != reference && $0.name == reference.name }
        if reference.digest == nil, rest.allSatisfy({ $0.digest != nil }) { gone += rest }
        try references.remove(gone)
        return gone.map { .untagged($0.familiar) }
    }

    private func delete(
        _ id: ImageID,
        force: Bool,
        prune: Bool,
        isQuiet: Bool,
        inUse: (ImageID) -> ImageUse,
        _ removed: inout [RemovedItem]
    ) throws {
        let use = inUse(id)
        do { try checkConflict(id, use, ignoring: force ? .soft : .nothing) } catch let conflict as StorageError {
            let isDangling = references.references(to: id).isEmpty && !hasChildren(id)
            if isQuiet, !isDangling || use != .unused { return }
            throw conflict
        }
        let parent = imageDatabase.state.withLock { $0[id]?.parent }
        let names = references.references(to: id)
        try references.remove(names)
        removed += names.map { .untagged($0.familiar) }
        let layers = try imageDatabase.remove(id)
        removed.append(.deleted(id.description))
        removed += layers.map { .deleted($0.description) }
        guard prune, let parent, imageDatabase.state.withLock({ $0[parent] != nil }) else { return }
        try delete(parent, force: false, prune: true, isQuiet: true, inUse: inUse, &removed)
    }

    /// What a caller is willing to overrule.
    private enum Overruled { case nothing, references, soft }

    private func checkConflict(_ id: ImageID, _ use: ImageUse, ignoring: Overruled) throws {
        func conflict(_ force: String, _ reason: String) -> StorageError {
            .conflict("conflict: unable to delete \(id.short) (\(force) be forced) - \(reason)")
        }
        if hasChildren(id) { throw conflict("cannot", "image has dependent child images") }
        if case .running(let container) = use {
            throw conflict("cannot", "image is being used by running container \(container.prefix(12))")
        }
        if ignoring == .soft { return }
        if ignoring == .nothing, !references.references(to: id).isEmpty {
            throw conflict("must", "image is referenced in multiple repositories")
        }
        if case .stopped(let container) = use {
            throw conflict("must", "image is being used by stopped container \(container.prefix(12))")
        }
    }

    private func hasChildren(_ id: ImageID) -> Bool {
        imageDatabase.state.withLock { $0.values.contains { $0.parent == id } }
    }

    /// Whether all names are at most one tag, and digests of the same repository.
    private static func areOne(_ names: [Reference]) -> Bool {
        guard names.count > 1, let first = names.first else { return true }
        return names.count { $0.digest == nil } <= 1 && names.allSatisfy { $0.name == first.name }
    }
}

extension ImageUse {
    fileprivate var container: String? {
        switch self {
        case .unused: nil
        case .stopped(let id), .running(let id): id
        }
    }
}
