package import DockerAPI
import Synchronization

/// One `exec`: what was asked, and how it went.
package struct Exec: Sendable {
    /// Where an exec is in its life.
    enum Phase: Sendable { case created, running, ended(Int) }

    package let id: String
    package let container: String
    package let request: ExecCreateRequest
    var phase: Phase = .created
    var pid = 0

    /// As `GET /exec/ID/json` shows it.
    package var inspect: ExecInspect {
        var process = ExecProcess()
        process.tty = request.tty
        process.entrypoint = request.cmd.first ?? ""
        process.arguments = Array(request.cmd.dropFirst())
        process.privileged = request.privileged
        if !request.user.isEmpty { process.user = request.user }
        var shown = ExecInspect(processConfig: process)
        shown.id = id
        shown.containerID = container
        shown.openStdin = request.attachStdin
        shown.openStdout = request.attachStdout
        shown.openStderr = request.attachStderr
        shown.detachKeys = request.detachKeys
        shown.pid = pid
        if case .running = phase { shown.running = true }
        if case .ended(let code) = phase { shown.exitCode = code }
        return shown
    }
}

/// All execs whose container is there; the last thousand that ended are kept for whoever asks for their exit code.
final class Execs: Sendable {
    private let state = Mutex((byID: [String: Exec](), order: [String]()))

    func add(_ exec: Exec) {
        state.withLock { state in
            state.byID[exec.id] = exec
            state.order.append(exec.id)
            guard state.order.count > 1000 else { return }
            let old = state.order.firstIndex { id in
                if case .ended = state.byID[id]?.phase ?? .ended(0) { true } else { false }
            }
            if let old { state.byID[state.order.remove(at: old)] = nil }
        }
    }

    func find(_ id: String) throws -> Exec {
        guard let exec = state.withLock({ $0.byID[id] }) else { throw EngineError.noSuchExec(id) }
        return exec
    }

    /// Marks an exec as running; only the first caller succeeds.
    func begin(_ id: String) throws {
        try state.withLock { state in
            guard let exec = state.byID[id] else { throw EngineError.noSuchExec(id) }
            switch exec.phase {
            case .created: state.byID[id]?.phase = .running
            case .running: throw EngineError(.conflict, "exec command \(id) is already running")
            case .ended: throw EngineError(.conflict, "exec command \(id) has already run")
            }
        }
    }

    func started(_ id: String, pid: Int) { state.withLock { $0.byID[id]?.pid = pid } }

    func ended(_ id: String, exitCode: Int) { state.withLock { $0.byID[id]?.phase = .ended(exitCode) } }

    func ids(of container: String) -> [String] {
        state.withLock { state in
            state.order.filter { id in
                if case .running = state.byID[id]?.phase ?? .created {
                    state.byID[id]?.container == container
                } else {
                    false
                }
            }
        }
    }

    func forget(container: String) {
        state.withLock { state in
            state.order.removeAll { state.byID[$0]?.container == container }
            state.byID = state.byID.filter { $0.value.container != container }
        }
    }
}
