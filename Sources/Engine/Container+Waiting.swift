import DockerAPI
import Launcher
import SystemPackage

/// Who waits for a container, and who was attached before it ran.
extension Container {
    /// Its end is written down, and its layer not let go yet.
    var isEnding: Bool { phase == .running && !record.state.running }

    /// The next time that `condition` holds; ends early, with nil, when the caller's task is cancelled.
    func wait(for condition: WaitCondition) async -> WaitOutcome? {
        let now = WaitOutcome(exitCode: record.state.exitCode, error: record.state.error)
        if phase == .gone { return now }
        if condition == .notRunning && ![.running, .starting, .restarting].contains(phase) { return now }
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
        guard [.created, .exited, .starting, .restarting].contains(phase) else {
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
