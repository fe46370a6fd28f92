import DockerAPI
import Linux
package import OCI
import SystemPackage

/// Which part of a container's log a client wants, and in which form.
package struct LogQuery: Sendable {
    package var stdout = true
    package var stderr = true
    /// Each line begins with its time.
    package var timestamps = false
    /// Goes on until the container ends.
    package var follow = false
    package var since: Timestamp?
    package var until: Timestamp?
    /// How many of the last lines; nil: all.
    package var tail: Int?

    package init() {}
}

/// `logs`.
extension Engine {
    /// Sends the log: frames, or plain bytes where the container has a terminal.
    package func logs(
        _ name: String,
        _ query: LogQuery,
        to write: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        let container = try containers.find(name)
        let record = await container.record
        guard await container.host.logConfig?.type != "none" else {
            throw EngineError(.unsupported, "configured logging driver does not support reading")
        }
        let path = FilePath(record.logPath)
        // Watched before it is read for the first time, so that nothing falls in between.
        let goesOn = await isRunning(container.phase) && query.follow
        let watch = goesOn ? try FolderWatch(path.removingLastComponent()) : nil
        let reader = LogReader(path, query, framed: !record.config.tty)
        try await drain(reader, to: write)
        guard let watch else { return }
        let end = Task {
            _ = await container.wait(for: .notRunning)
            watch.wake()
        }
        defer { end.cancel() }
        for await _ in watch.changes {
            // Asked before the rest is read: the log is complete when the container counts as ended.
            let isOver = await !isRunning(container.phase)
            try await drain(reader, to: write)
            if isOver || reader.isBeyondUntil { break }
        }
    }

    /// Whether its output is framed: with a terminal there is only one stream.
    package func hasTerminal(_ name: String) async throws -> Bool {
        await (try containers.find(name)).record.config.tty
    }

    private func isRunning(_ phase: Container.Phase) -> Bool { phase == .running || phase == .starting }

    private func drain(_ reader: LogReader, to write: @Sendable ([UInt8]) async throws -> Void) async throws {
        while let chunk = try await pool.run({ try reader.next() }) { try await write(chunk) }
    }
}
