import Synchronization

/// All containers by ID and name.
///
/// A name is reserved before anything of its container exists, so that two clients can't both get it.
final class Containers: Sendable {
    private struct State {
        var byID: [String: Container] = [:]
        var idByName: [String: String] = [:]
    }

    private let state = Mutex(State())

    var all: [Container] { state.withLock { Array($0.byID.values) } }

    func reserve(_ name: String, for id: String) throws {
        try state.withLock { state in
            if let other = state.idByName[name] { throw EngineError.nameTaken(name, by: other) }
            state.idByName[name] = id
        }
    }

    func add(_ container: Container) { state.withLock { $0.byID[container.id] = container } }

    /// Forgets a container and sets its name free.
    func forget(_ id: String) {
        state.withLock { state in
            state.byID[id] = nil
            for (name, owner) in state.idByName where owner == id { state.idByName[name] = nil }
        }
    }

    func rename(_ id: String, to name: String) throws {
        try state.withLock { state in
            if let other = state.idByName[name] { throw EngineError.nameTaken(name, by: other) }
            for (old, owner) in state.idByName where owner == id { state.idByName[old] = nil }
            state.idByName[name] = id
        }
    }

    /// What the container is called now.
    func name(of id: String) throws -> String {
        try state.withLock { state in
            guard let name = state.idByName.first(where: { $0.value == id })?.key else {
                throw EngineError.noSuchContainer(id)
            }
            return name
        }
    }

    /// Docker's order: full ID, name with or without `/`, unique prefix of an ID.
    func find(_ name: String) throws -> Container {
        try state.withLock { state in
            if let container = state.byID[name] { return container }
            let plain = name.hasPrefix("/") ? String(name.dropFirst()) : name
            if let id = state.idByName[plain], let container = state.byID[id] { return container }
            let matches = name.isEmpty ? [] : state.byID.keys.filter { $0.hasPrefix(name) }
            if matches.count > 1 { throw EngineError.ambiguous(name) }
            guard let id = matches.first, let container = state.byID[id] else {
                throw EngineError.noSuchContainer(name)
            }
            return container
        }
    }
}
