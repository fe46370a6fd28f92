import OCI

/// Why the store would not do what it was asked; the text says what to do.
package enum StorageError: Error, Equatable, CustomStringConvertible {
    /// What a caller can do about an error, whatever its words.
    package enum Kind: Sendable { case notFound, conflict, invalid, failed }

    /// No image has that reference or ID.
    case noSuchImage(String)
    /// Several IDs begin with that prefix.
    case ambiguous(String)
    /// Not a reference; `reason` in Docker's words.
    case invalidReference(String, reason: String)
    /// The image may not be removed, in Docker's words.
    case conflict(String)
    /// No container's layer has that name.
    case noSuchMount(String)
    /// A container's layer of that name is there already.
    case mountExists(String)
    /// Somebody is still looking at the container's layer.
    case mountBusy(String)
    /// Another process owns the data root.
    case locked(root: String, holder: String)
    /// What came in is not what its digest says.
    case wrongDigest(object: String, expected: String, actual: String)
    /// A chain has more layers than Docker's layer store takes.
    case tooDeep(limit: Int)
    /// An archive that can't be loaded: the member, what is wrong with it, what to do.
    case badArchive(member: String, reason: String, remedy: String)
    /// Something on disk is not as it was left.
    case damaged(object: String, reason: String, remedy: String)

    /// What a caller can do about it.
    package var kind: Kind {
        switch self {
        case .noSuchImage, .noSuchMount: .notFound
        case .conflict, .mountExists, .mountBusy: .conflict
        case .ambiguous, .invalidReference, .badArchive: .invalid
        case .locked, .wrongDigest, .tooDeep, .damaged: .failed
        }
    }

    /// What was asked, on which object, why it failed, what to do.
    package var description: String {
        switch self {
        case .noSuchImage(let name): "No such image: \(name)"
        case .ambiguous(let prefix): "multiple IDs found with provided prefix: \(prefix)"
        case .invalidReference(_, let reason): reason
        case .conflict(let text): text
        case .noSuchMount(let name): "container layer \(name) does not exist"
        case .mountExists(let name): "container layer \(name) already exists: mount name conflict"
        case .mountBusy(let name): "container layer \(name) is in use; stop what uses it first"
        case .locked(let root, let holder):
            "data root \(root) is in use by \(holder); stop that one, or choose another folder with --data-root"
        case .wrongDigest(let object, let expected, let actual):
            "\(object): expected \(expected), got \(actual): the data is damaged; fetch it again"
        case .tooDeep(let limit): "max depth exceeded: an image can have at most \(limit) layers; flatten it"
        case .badArchive(let member, let reason, let remedy):
            member.isEmpty ? "archive: \(reason); \(remedy)" : "archive member \(member): \(reason); \(remedy)"
        case .damaged(let object, let reason, let remedy): "\(object): \(reason); \(remedy)"
        }
    }
}

extension StorageError {
    /// The container's image is damaged: nobody can tell what the container changed.
    static func withoutParent(_ mount: WritableLayer, _ chain: ChainID) -> StorageError {
        .damaged(
            object: "container layer \(mount.name)",
            reason: "its image's layer \(chain.short) is missing or damaged",
            remedy: "load or pull the image again"
        )
    }
}
