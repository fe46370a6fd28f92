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
    package enum Phase: String, Sendable { case created, starting, running, restarting, exited, removing, gone }

    package nonisolated let id: String
    private let file: RecordFile
    package private(set) var record: ContainerRecord
    package private(set) var host: HostConfig
    package private(set) var phase: Phase
    private(set) var monitor: Monitor?
    private var changes = 0
    /// The pause before the last start that was not asked for.
    private var pause: Duration?
    /// Who writes to its tree although it does not run, and who waits for that to start it.
    private var writers = 0
    /// It stands still while an image is made of it.
    private var isHeld = false
    /// Its end is the first half of `restart`: that is no reason to remove it.
    private(set) var isBeingRestarted = false
    private var starters: [CheckedContinuation<Void, Never>] = []
    var waiting = Waiting()
    var attaching = PendingAttachments()

    init(_ file: RecordFile, record: ContainerRecord, host: HostConfig, phase: Phase) {
        id = record.id
        self.file = file
        self.record = record
        self.host = host
        self.phase = phase
    }

    /// The running container's monitor; throws Docker's words where it does not run.
    func running() throws -> Monitor {
        if phase == .restarting { throw EngineError.isRestarting(id) }
        guard phase == .running, let monitor else { throw EngineError.notRunning(id) }
        return monitor
    }

    /// As `running`, for what a container can't do that stands still.
    func awake(for what: String) throws -> Monitor {
        let monitor = try running()
        guard !standsStill else {
            throw EngineError(.conflict, "Container \(id) is paused, unpause the container before \(what)")
        }
        return monitor
    }

    // MARK: Life

    /// Claims the container for a start, when nobody writes to its tree any more: two mounts of one tree at once spoil it.
    func beginStart() async throws {
        await nobodyWrites()
        switch phase {
        case .created, .exited:
            phase = .starting
            record.restartCount = 0
            pause = nil
        case .starting, .running, .restarting:
            if isPaused { throw EngineError(.conflict, "cannot start a paused container, try unpause instead") }
            throw EngineError.alreadyRunning(id)
        case .removing, .gone: throw EngineError.removalInProgress(id)
        }
    }

    private func nobodyWrites() async {
        while writers > 0 { await withCheckedContinuation { starters.append($0) } }
    }

    /// From now on no start mounts the tree, until `endWriting`; false where the container is started already.
    func beginWriting() -> Bool {
        guard [.created, .exited, .restarting].contains(phase) else { return false }
        writers += 1
        return true
    }

    func endWriting() {
        writers -= 1
        guard writers == 0 else { return }
        for starter in starters { starter.resume() }
        starters = []
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
        (record.hasBeenStartedBefore, record.hasBeenManuallyStopped) = (true, false)
        record.state = ContainerState()
        (record.state.status, record.state.running, record.state.pid) = ("running", true, Int(monitor.pid))
        (record.state.startedAt, record.state.finishedAt) = (time.description, Timestamp.zero.description)
        record.state.health = HealthPlan(record.config).map { _ in Health() }
        try await save()
    }

    /// How well it is; nil where it does not run under this monitor, or nothing is checked.
    func health(under monitor: Monitor) -> Health? {
        phase == .running && self.monitor === monitor ? record.state.health : nil
    }

    /// Takes a check into account; gives the status before and after, or nil if it ran under another monitor.
    func note(
        _ result: HealthResult,
        _ plan: HealthPlan,
        _ sinceStart: Duration,
        under monitor: Monitor
    ) async -> (before: String, after: String)? {
        guard let health = health(under: monitor) else { return nil }
        let judged = plan.judge(result, health, sinceStart: sinceStart)
        record.state.health = judged
        // A check that can't be written down is none that matters after a restart.
        try? await save()
        return (health.status, judged.status)
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

    /// Processes of it were killed for want of memory.
    func noteKill() async throws {
        record.state.oomKilled = true
        try await save()
    }

    /// Writes the end down, and whether it is one to start again after; nobody is told yet.
    func noteExit(_ exit: ExitRecord) async throws {
        note(exitCode: exit.exitCode, at: exit.finishedAt, error: exit.error)
        if exit.lackedMemory == true { record.state.oomKilled = true }
        let wasAsked = record.hasBeenManuallyStopped
        let end = RestartRule.End(exitCode: exit.exitCode, wasAsked: wasAsked, restarts: record.restartCount)
        if RestartRule.restarts(host.restartPolicy, after: end) {
            record.restartCount += 1
            (record.state.status, record.state.restarting, record.state.running) = ("restarting", true, true)
        }
        if !host.autoRemove { try await save() }
    }

    /// How long to wait before the container, whose end was written down, starts again; nil if it does not, or was stopped
    /// since.
    func planRestart() async -> Duration? {
        guard record.state.restarting else { return nil }
        phase = .restarting
        monitor = nil
        // Why it can't be written down is no reason to start it.
        if record.hasBeenManuallyStopped {
            _ = try? await cancelRestart()
            return nil
        }
        let times = (Timestamp(record.state.startedAt), Timestamp(record.state.finishedAt))
        let lasted = (times.1 ?? .zero).seconds - (times.0 ?? .zero).seconds
        let next = RestartRule.pause(after: pause, lasted: .seconds(lasted))
        pause = next
        waiting.exitedOnce(WaitOutcome(exitCode: record.state.exitCode, error: record.state.error))
        return next
    }

    /// The pause is over; false where somebody ended it.
    func beginRestart() async -> Bool {
        await nobodyWrites()
        guard phase == .restarting else { return false }
        phase = .starting
        return true
    }

    /// It is not started again after all; false where it was not about to be.
    func cancelRestart() async throws -> Bool {
        guard phase == .restarting else { return false }
        record.hasBeenManuallyStopped = true
        (record.state.status, record.state.restarting, record.state.running) = ("exited", false, false)
        didExit()
        try await save()
        return true
    }

    /// Whether a daemon that begins starts it.
    var startsWithDaemon: Bool {
        guard phase == .exited else { return phase == .restarting }
        if record.state.restarting { return true }
        return RestartRule.startsWithDaemon(host.restartPolicy, wasStopped: record.hasBeenManuallyStopped)
    }

    /// Tells who waits of the end that was written down; from now on the container may be started again.
    func didExit(telling tell: @Sendable () -> Void = {}) {
        monitor = nil
        phase = .exited
        tell()
        waiting.exited(WaitOutcome(exitCode: record.state.exitCode, error: record.state.error))
    }

    private func note(exitCode: Int, at time: Timestamp?, error: String) {
        (record.state.status, record.state.running, record.state.restarting) = ("exited", false, false)
        (record.state.paused, isHeld) = (false, false)
        record.state.pid = 0
        (record.state.exitCode, record.state.error) = (exitCode, error)
        if let time { record.state.finishedAt = time.description }
        if !record.hasBeenStartedBefore { record.state.status = "created" }
    }

    var isPaused: Bool { record.state.paused }
    var standsStill: Bool { isPaused || isHeld }

    /// Claims the container for standing still; not for longer than a `commit` takes if it is `held`, which nobody writes down.
    func beginPause(held: Bool = false) throws {
        _ = try running()
        if standsStill { throw EngineError(.conflict, "Container \(id) is already paused") }
        if held { isHeld = true } else { record.state.paused = true }
    }

    func endHold() { isHeld = false }

    /// Whether its processes stand still from now on.
    func note(paused: Bool) async throws {
        // It may have ended meanwhile.
        guard phase == .running else { return }
        record.state.paused = paused
        record.state.status = paused ? "paused" : "running"
        try await save()
    }

    /// Whether its end is that of all of it.
    var isRemovedAtEnd: Bool { host.autoRemove && !isBeingRestarted }

    func setBeingRestarted(_ value: Bool) { isBeingRestarted = value }

    func noteManualStop() { record.hasBeenManuallyStopped = true }

    /// Claims the container for removal; running ones must have been ended before.
    func beginRemoval() throws {
        switch phase {
        case .created, .exited: phase = .removing
        case .starting, .running: throw EngineError.removeRunning(record.name)
        case .restarting: throw EngineError.removeRestarting(record.name)
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

    /// Changes its places in networks.
    func changeNetworks(_ change: @Sendable (inout [String: Endpoint]) -> Void) async throws {
        guard phase != .removing && phase != .gone else { throw EngineError.removalInProgress(id) }
        change(&record.networkSettings.networks)
        try await save()
    }

    /// Whether its first process is there.
    var isAwake: Bool { phase == .running && record.state.running && !record.state.restarting }

    /// The host configuration as it is to be from now on.
    func change(_ edit: (inout HostConfig) throws -> Void) throws {
        guard phase != .removing && phase != .gone else { throw EngineError.removalInProgress(id) }
        var changed = host
        try edit(&changed)
        try file.save(changed)
        host = changed
    }

    private func save() async throws {
        changes += 1
        try await file.save(record, change: changes)
    }
}
