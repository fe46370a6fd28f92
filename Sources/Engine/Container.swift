package import DockerAPI
import Launcher
import OCI
import RuntimeProtocol
import SystemPackage

/// One container: its record, where it is in its life, and who waits for what.
///
/// Each method checks and changes the phase before it waits for anything, so that a second caller finds
/// "starting" or "removing" and not a container that is about to be something else.
package actor Container {
    /// Where a container is in its life.
    package enum Phase: String, Sendable { case created, starting, running, exited, removing, gone }

    package nonisolated let id: String
    private let file: RecordFile
    package private(set) var record: ContainerRecord
    package private(set) var host: HostConfig
    package private(set) var phase: Phase
    private(set) var monitor: Monitor?
    private var changes = 0
    private var waiting = Waiting()
    private var attaching = PendingAttachments()

    init(_ file: RecordFile, record: ContainerRecord, host: HostConfig, phase: Phase) {
        id = record.id
        self.file = file
        self.record = record
        self.host = host
        self.phase = phase
    }

    /// The running container's monitor; throws Docker's words where it does not run.
    func running() throws -> Monitor {
        guard phase == .running, let monitor else { throw EngineError.notRunning(id) }
        return monitor
    }

    // MARK: Life

    func beginStart() throws {
        switch phase {
        case .created, .exited: phase = .starting
        case .starting, .running: throw EngineError.alreadyRunning(id)
        case .removing, .gone: throw EngineError.removalInProgress(id)
        }
    }

    /// Attaches those who came early, so that they miss nothing, before the process is let go.
    func attachEarly(to monitor: Monitor) async {
        for client in attaching.take() {
            // A client that can't be attached is told so by its stream's end; the container starts all the same.
            client.continuation.resume(returning: try? await monitor.attach(client.streams, process: nil))
        }
    }

    func didStart(_ monitor: Monitor, at time: Timestamp) async throws {
        self.monitor = monitor
        phase = .running
        record.hasBeenStartedBefore = true
        record.hasBeenManuallyStopped = false
        record.state = ContainerState()
        record.state.status = "running"
        record.state.running = true
        record.state.pid = Int(monitor.pid)
        record.state.startedAt = time.description
        record.state.finishedAt = Timestamp.zero.description
        try await save()
    }

    func didFailToStart(_ error: String, exitCode: Int) async throws {
        attaching.abandon()
        note(exitCode: exitCode, at: nil, error: error)
        didExit()
        if !host.autoRemove { try await save() }
    }

    /// Takes up a container that ran on while there was no daemon.
    func adopt(_ monitor: Monitor) {
        self.monitor = monitor
        phase = .running
    }

    /// Writes the end down; nobody is told yet.
    func noteExit(_ exit: ExitRecord) async throws {
        note(exitCode: exit.exitCode, at: exit.finishedAt, error: exit.error)
        if !host.autoRemove { try await save() }
    }

    /// Tells who waits of the end that was written down; from now on the container may be started again.
    func didExit() {
        monitor = nil
        phase = .exited
        waiting.exited(WaitOutcome(exitCode: record.state.exitCode, error: record.state.error))
    }

    private func note(exitCode: Int, at time: Timestamp?, error: String) {
        record.state.status = "exited"
        record.state.running = false
        record.state.pid = 0
        record.state.exitCode = exitCode
        record.state.error = error
        if let time { record.state.finishedAt = time.description } else { record.state.status = "created" }
    }

    func noteManualStop() { record.hasBeenManuallyStopped = true }

    /// Claims the container for removal; running ones must have been ended before.
    func beginRemoval() throws {
        switch phase {
        case .created, .exited: phase = .removing
        case .starting, .running: throw EngineError.removeRunning(record.name)
        case .removing, .gone: throw EngineError.removalInProgress(id)
        }
    }

    /// Puts a container back whose removal failed.
    func removalFailed() { phase = .exited }

    func didRemove() {
        phase = .gone
        attaching.abandon()
        waiting.removed(WaitOutcome(exitCode: record.state.exitCode, error: record.state.error))
    }

    func rename(to name: String) async throws {
        record.name = "/" + name
        try await save()
    }

    private func save() async throws {
        changes += 1
        try await file.save(record, change: changes)
    }

    // MARK: Waiting and attaching

    /// The next time that `condition` holds; ends early, with nil, when the caller's task is cancelled.
    func wait(for condition: WaitCondition) async -> WaitOutcome? {
        let now = WaitOutcome(exitCode: record.state.exitCode, error: record.state.error)
        if phase == .gone { return now }
        if condition == .notRunning && phase != .running && phase != .starting { return now }
        let ticket = waiting.ticket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiting.add(ticket, condition, $0) }
        } onCancel: {
            Task { await self.cancelWait(ticket) }
        }
    }

    private func cancelWait(_ ticket: Int) { waiting.cancel(ticket) }

    /// A stream to the container's process, now or, if it does not run, from its next start; nil: it went away.
    func attach(_ streams: AttachStreams) async throws -> FileDescriptor? {
        if phase == .running, let monitor { return try await monitor.attach(streams, process: nil) }
        guard phase == .created || phase == .exited || phase == .starting else {
            throw EngineError.removalInProgress(id)
        }
        let ticket = attaching.ticket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { attaching.add(ticket, streams, $0) }
        } onCancel: {
            Task { await self.cancelAttach(ticket) }
        }
    }

    private func cancelAttach(_ ticket: Int) { attaching.cancel(ticket) }
}
