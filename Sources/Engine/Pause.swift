import Cgroups
import Launcher
import Linux
import Logging

/// `pause` and `unpause`: the container's processes stand still, and go on.
extension Engine {
    package func pause(_ name: String) async throws {
        let container = try containers.find(name)
        try await container.beginPause()
        do {
            try await freeze(container)
            try await container.note(paused: true)
        } catch {
            // The first error is the one to report.
            try? await letGo(container)
            try? await container.note(paused: false)
            throw EngineError(.failed, "Cannot pause container \(container.id): \(error)")
        }
        emit("pause", await container.record)
    }

    package func unpause(_ name: String) async throws {
        let container = try containers.find(name)
        _ = try await container.running()
        guard await container.isPaused else {
            throw EngineError(.failed, "Container \(container.id) is not paused")
        }
        try await thaw(container)
        emit("unpause", await container.record)
    }

    private func freeze(_ container: Container) async throws {
        let group = try await controlGroup(of: container)
        try await pool.run { try group.freeze() }
    }

    private func letGo(_ container: Container) async throws {
        let group = try await controlGroup(of: container)
        try await pool.run { try group.thaw() }
    }

    /// Lets a container go on that stands still; nothing where it does not.
    func thaw(_ container: Container) async throws {
        guard await container.standsStill else { return }
        try await letGo(container)
        if await container.isPaused { try await container.note(paused: false) }
    }

    /// What stands still without a word in its record, as after a `commit` or `pause` that was cut short, goes on; what
    /// runs although its record says otherwise is said to run.
    func notePause(of container: Container) async throws {
        let group = try await controlGroup(of: container)
        let (isFrozen, isPaused) = (try await pool.run { group.isFrozen }, await container.isPaused)
        if isFrozen && !isPaused { try await letGo(container) }
        if isPaused && !isFrozen { try await container.note(paused: false) }
    }

    /// Does something while the container, if it runs, stands still. Nothing of that is written down: a daemon that finds
    /// it so lets it go on.
    func whilePaused<T>(_ container: Container, _ body: () async throws -> T) async throws -> T {
        do { try await container.beginPause(held: true) } catch let error as EngineError where error.kind == .conflict {
            return try await body()  // it does not run, or stands still
        }
        let result: Result<T, any Error>
        do {
            try await freeze(container)
            emit("pause", await container.record)
            result = .success(try await body())
        } catch { result = .failure(error) }
        // It may have ended, or somebody stopped it.
        try? await letGo(container)
        await container.endHold()
        emit("unpause", await container.record)
        return try result.get()
    }
}
