import DockerAPI
import Linux
package import OCI
import RuntimeProtocol
import SystemPackage

/// Which part of a container's log a client wants, and in which form.
package struct LogQuery: Sendable {
    package var stdout = true
    package var stderr = true
    /// Each line begins with its time.
    package var timestamps = false
    /// Each line has before it what the log's options had noted with it.
    package var details = false
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
        guard let target = try LogTarget(record, await container.host) else {
            throw EngineError(.unsupported, "configured logging driver does not support reading")
        }
        let path = FilePath(target.path)
        // Watched before it is read for the first time, so that nothing falls in between.
        let goesOn = await isRunning(container.phase) && query.follow
        let watch = goesOn ? try FolderWatch(path.removingLastComponent(), in: folderWatches) : nil
        let framed = !record.config.tty
        let reader = try await pool.run { LogReader(path, target.format, query, framed: framed) }
        try await drain(reader, to: write)
        guard let watch else { return }
        let wakers = wakers(of: watch, container, query)
        defer { for waker in wakers { waker.cancel() } }
        if reader.isBeyondUntil { return }
        for await _ in watch.changes {
            // Asked before the rest is read: the log is complete when the container counts as ended.
            let isRunning = await isRunning(container.phase)
            let isOver = !isRunning || query.until.map { $0 < .now } ?? false
            try await drain(reader, to: write)
            if isOver || reader.isBeyondUntil { break }
        }
    }

    /// What else than the log's files is to be looked at: the container's end, and the moment up to which it is wanted.
    private func wakers(of watch: FolderWatch, _ container: Container, _ query: LogQuery) -> [Task<Void, Never>] {
        let end = Task {
            _ = await container.wait(for: .notRunning)
            watch.wake()
        }
        guard let until = query.until else { return [end] }
        let now = Timestamp.now
        // A tenth of a second more: an entry is written a little later than its time.
        let rest = Double(until.seconds - now.seconds) + Double(until.nanoseconds - now.nanoseconds) / 1e9 + 0.1
        let alarm = Task {
            try? await Task.sleep(for: .seconds(max(0, min(rest, 1e9))))
            watch.wake()
        }
        return [end, alarm]
    }

    /// Whether its output is framed: with a terminal there is only one stream.
    package func hasTerminal(_ name: String) async throws -> Bool {
        await (try containers.find(name)).record.config.tty
    }

    /// Whether more may come; one that is about to start again goes on.
    private func isRunning(_ phase: Container.Phase) -> Bool { [.running, .starting, .restarting].contains(phase) }

    private func drain(_ reader: LogReader, to write: @Sendable ([UInt8]) async throws -> Void) async throws {
        while let chunk = try await pool.run({ try reader.next() }) { try await write(chunk) }
    }
}
