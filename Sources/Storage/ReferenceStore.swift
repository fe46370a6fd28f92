import Linux
import Logging
import OCI
import Synchronization
import SystemPackage

/// `repositories.json`: which names stand for which images.
///
/// Writers wait for each other and for the disk; readers wait for neither.
final class ReferenceStore: Sendable {
    private struct File: Codable {
        var repositories: [String: [String: String]]?
        enum CodingKeys: String, CodingKey { case repositories = "Repositories" }
    }

    private struct State {
        var images: [Reference: ImageID] = [:]
        /// Entries that can't be parsed: kept as they are, as Docker does.
        var foreign: [String: [String: String]] = [:]
    }

    private let layout: Layout
    private let log: Logger
    private let state = Mutex(State())
    private let writing = Mutex(())

    init(layout: Layout, log: Logger) {
        self.layout = layout
        self.log = log
    }

    /// Reads the file, or begins a new one; one that can't be read is kept aside, and reported.
    func open() throws -> [Damage] {
        try removeAsides(in: layout.repositories.removingLastComponent())
        guard exists(layout.repositories) else {
            try write(State())
            return []
        }
        do {
            let file = try JSON.decode(File.self, from: readFile(layout.repositories))
            state.withLock { $0 = Self.parse(file) }
            return []
        } catch let error as DecodingError {
            let aside = try layout.quarantine(layout.repositories)
            try write(State())
            let reason = "it is no JSON (\(JSON.reason(error))); images have lost their names"
            return [
                Damage(
                    object: "repositories.json",
                    reason: reason,
                    remedy: "it was moved to \(aside); tag the images again"
                )
            ]
        }
    }

    private static func parse(_ file: File) -> State {
        var state = State()
        for (repository, entries) in file.repositories ?? [:] {
            for (name, image) in entries {
                // No `try?` could say more: an entry that is no reference is nobody's.
                if let reference = try? Reference(name), let id = ImageID(image), reference.familiarName == repository {
                    state.images[reference.stored] = id
                } else {
                    state.foreign[repository, default: [:]][name] = image
                }
            }
        }
        return state
    }

    private func write(_ state: State) throws {
        var repositories = state.foreign
        for (reference, id) in state.images {
            repositories[reference.familiarName, default: [:]][reference.familiar] = id.description
        }
        try writeAtomically(JSON.encode(File(repositories: repositories)), to: layout.repositories)
        try flushNames(in: layout.repositories.removingLastComponent())
    }

    /// The image that `reference` stands for.
    func image(_ reference: Reference) -> ImageID? { state.withLock { $0.images[reference.stored] } }

    /// All references, by image.
    func all() -> [ImageID: [Reference]] {
        state.withLock { state in
            var all: [ImageID: [Reference]] = [:]
            for (reference, id) in state.images { all[id, default: []].append(reference) }
            return all.mapValues { $0.sorted { $0.familiar < $1.familiar } }
        }
    }

    /// The references of one image, in their order.
    func references(to id: ImageID) -> [Reference] {
        state.withLock { state in
            state.images.filter { $0.value == id }.map(\.key).sorted { $0.familiar < $1.familiar }
        }
    }

    /// Makes `reference` stand for `id`; returns the image it stood for; a digest can't be given to another image.
    @discardableResult
    func set(_ reference: Reference, to id: ImageID) throws -> ImageID? {
        let reference = reference.stored
        if reference.familiarName == "sha256" {
            throw StorageError.invalidReference(
                reference.familiar,
                reason: "refusing to create an ambiguous tag using digest algorithm as name"
            )
        }
        return try change { state in
            let old = state.images[reference]
            if let old, old != id, let digest = reference.digest {
                throw StorageError.conflict("cannot overwrite digest \(digest)")
            }
            state.images[reference] = id
            return old == id ? nil : old
        }
    }

    /// Takes references away.
    func remove(_ references: [Reference]) throws {
        if references.isEmpty { return }
        try change { state in for reference in references { state.images[reference.stored] = nil } }
    }

    private func change<T: Sendable>(_ body: (inout State) throws -> T) throws -> T {
        try writing.withLock { _ in
            var new = state.withLock { $0 }
            let before = new.images
            let result = try body(&new)
            if new.images != before {
                try write(new)
                state.withLock { [new] in $0 = new }
            }
            return result
        }
    }
}
