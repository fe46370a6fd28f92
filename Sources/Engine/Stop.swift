import Launcher
import OCI

/// `stop`, `kill` and `restart`.
extension Engine {
    /// Asks the container to end, and after `timeout` seconds (below 0: never) makes it.
    package func stop(_ name: String, signal: String?, timeout: Int?) async throws {
        let container = try containers.find(name)
        let record = await container.record
        guard let monitor = try? await container.running() else {
            throw EngineError(.notModified, "container \(record.id) is already stopped")
        }
        let asked = signal ?? (record.config.stopSignal.isEmpty ? "TERM" : record.config.stopSignal)
        guard let number = Signal.number(asked) else { throw EngineError(.invalid, "invalid signal: \(asked)") }
        await container.noteManualStop()
        try await monitor.signal(number)
        emit("kill", record, ["signal": "\(number)"])
        let seconds = timeout ?? record.config.stopTimeout ?? 10
        if await !hasEnded(container, within: seconds) {
            try? await monitor.signal(9)
            emit("kill", record, ["signal": "9"])
            _ = await container.wait(for: .notRunning)
        }
        emit("stop", record)
    }

    /// Sends a signal; with SIGKILL it returns when the container has ended.
    package func kill(_ name: String, signal: String?) async throws {
        let asked = signal ?? "KILL"
        guard let number = Signal.number(asked) else { throw EngineError(.invalid, "invalid signal: \(asked)") }
        let container = try containers.find(name)
        let monitor = try await container.running()
        try await monitor.signal(number)
        emit("kill", await container.record, ["signal": "\(number)"])
        if number == 9 { _ = await container.wait(for: .notRunning) }
    }

    /// Stops the container if it runs, and starts it.
    package func restart(_ name: String, signal: String?, timeout: Int?) async throws {
        do { try await stop(name, signal: signal, timeout: timeout) } catch let error as EngineError
            where error.kind == .notModified
        {}
        try await start(name)
        emit("restart", await (try containers.find(name)).record)
    }

    private func hasEnded(_ container: Container, within seconds: Int) async -> Bool {
        if seconds < 0 { return await container.wait(for: .notRunning) != nil }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await container.wait(for: .notRunning) != nil }
            group.addTask {
                // Cancelled when the container ended first.
                try? await Task.sleep(for: .seconds(seconds))
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first
        }
    }
}
