import Launcher
import OCI

/// `stop`, `kill` and `restart`.
extension Engine {
    /// Asks the container to end, and after `timeout` seconds (below 0: never) makes it.
    package func stop(_ name: String, signal: String?, timeout: Int?) async throws {
        let container = try containers.find(name)
        let record = await container.record
        await afterPhase(.starting, of: container)
        if try await container.cancelRestart() { return emit("stop", await container.record) }
        guard let monitor = try? await container.running() else {
            throw EngineError(.notModified, "container \(record.id) is already stopped")
        }
        let asked = signal ?? (record.config.stopSignal.isEmpty ? "TERM" : record.config.stopSignal)
        guard let number = Signal.number(asked) else { throw EngineError(.invalid, "invalid signal: \(asked)") }
        await container.noteManualStop()
        // It may have ended by itself: then there is nothing to wait for.
        if try await deliver(number, to: container, monitor) { emit("kill", record, ["signal": "\(number)"]) }
        let seconds = timeout ?? record.config.stopTimeout ?? 10
        if await !hasEnded(container, within: seconds) {
            _ = try? await deliver(9, to: container, monitor)
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
        await afterPhase(.starting, of: container)
        let record = await container.record
        // Docker's rule: what is asked to end is not started again.
        let isToEnd = number == 9 || number == Signal.number(record.config.stopSignal) ?? 15
        if isToEnd, try await container.cancelRestart() { return emit("kill", record, ["signal": "\(number)"]) }
        let monitor = try await container.running()
        if isToEnd { await container.noteManualStop() }
        guard try await deliver(number, to: container, monitor, thawing: isToEnd) else {
            throw EngineError.notRunning(container.id)
        }
        emit("kill", record, ["signal": "\(number)"])
        if number == 9 { _ = await container.wait(for: .notRunning) }
    }

    /// Stops the container if it runs, and starts it.
    package func restart(_ name: String, signal: String?, timeout: Int?) async throws {
        let container = try containers.find(name)
        await container.setBeingRestarted(true)
        let result: Result<Void, any Error>
        do {
            do { try await stop(container.id, signal: signal, timeout: timeout) } catch let error as EngineError
                where error.kind == .notModified
            {}
            result = .success(try await start(container.id))
        } catch { result = .failure(error) }
        await container.setBeingRestarted(false)
        try result.get()
        emit("restart", await container.record)
    }

    /// Sends a signal; false where the container has just ended. Lets it go on meanwhile if it stands still: so it takes no signal, and its monitor may
    /// be waiting for a process that came to it at that moment.
    func deliver(
        _ number: Int32,
        to container: Container,
        _ monitor: Monitor,
        thawing: Bool = true
    ) async throws -> Bool {
        async let isTaken = monitor.take(number)
        if thawing { try await thaw(container) }
        return try await isTaken
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

extension Monitor {
    /// Signals the container's first process; false where that has just ended.
    fileprivate func take(_ signal: Int32) async throws -> Bool {
        do {
            try await self.signal(signal)
            return true
        } catch let error as LaunchError where [.monitorGone, .processGone].contains(error) {
            return false
        }
    }
}
