package import DockerAPI
import Launcher
import Linux
import OCI
import RuntimeProtocol
package import SystemPackage

/// `exec`: another process in a running container.
extension Engine {
    /// Notes what shall run; returns the exec's ID.
    package func createExec(_ name: String, _ request: ExecCreateRequest) async throws -> String {
        let container = try containers.find(name)
        _ = try await container.awake(for: "exec")
        guard !request.cmd.isEmpty else { throw EngineError(.invalid, "No exec command specified") }
        let exec = Exec(id: randomHex(bytes: 32), container: container.id, request: request)
        execs.add(exec)
        emit("exec_create: " + request.cmd.joined(separator: " "), await container.record, ["execID": exec.id])
        return exec.id
    }

    package func inspectExec(_ id: String) throws -> ExecInspect { try execs.find(id).inspect }

    package func resizeExec(_ id: String, rows: UInt16, columns: UInt16) async throws {
        let exec = try execs.find(id)
        try await containers.find(exec.container).running().resize(process: id, rows: rows, columns: columns)
    }

    /// Starts it; returns a stream to it unless it was asked to be detached.
    package func startExec(_ id: String, detach: Bool, consoleSize: [Int]?) async throws -> FileDescriptor? {
        let exec = try execs.find(id)
        let container = try containers.find(exec.container)
        let monitor = try await container.awake(for: "exec")
        try execs.begin(id)
        let record = await container.record
        let request = ExecRequest(
            process: try await process(exec.request, record, await container.host, consoleSize),
            userName: exec.request.user.isEmpty ? record.config.user : exec.request.user,
            openStdin: exec.request.attachStdin && !detach,
            waitsForClient: !detach
        )
        do {
            execs.started(id, pid: Int(try await monitor.exec(id: id, request)))
            emit("exec_start: " + exec.request.cmd.joined(separator: " "), record, ["execID": id])
            watch(exec: id, record, monitor)
            if detach { return nil }
            let asked = exec.request
            let streams = AttachStreams(
                stdin: asked.attachStdin,
                stdout: asked.attachStdout,
                stderr: asked.attachStderr
            )
            return try await monitor.attach(streams, process: id)
        } catch {
            execs.ended(id, exitCode: (error as? LaunchError)?.exitCode ?? 126)
            if let error = error as? LaunchError {
                throw EngineError(
                    .failed,
                    "OCI runtime exec failed: exec failed: unable to start container process: \(error.description): unknown"
                )
            }
            throw error
        }
    }

    /// A client left the process with its keys.
    package func detached(fromExec id: String) async {
        guard let exec = try? execs.find(id), let container = try? containers.find(exec.container) else { return }
        emit("exec_detach", await container.record, ["execID": id])
    }

    /// Waits until an exec's exit code is known: clients ask for it right after its stream ended.
    package func waitExec(_ id: String) async {
        guard let exec = try? execs.find(id), let container = try? containers.find(exec.container),
            let monitor = try? await container.running()
        else { return }
        execs.ended(id, exitCode: await monitor.exited(exec: id).exitCode)
    }

    private func watch(exec id: String, _ record: ContainerRecord, _ monitor: Monitor) {
        Task {
            let exit = await monitor.exited(exec: id)
            execs.ended(id, exitCode: exit.exitCode)
            emit("exec_die", record, ["execID": id, "exitCode": "\(exit.exitCode)"])
        }
    }

    private func process(
        _ request: ExecCreateRequest,
        _ record: ContainerRecord,
        _ host: HostConfig,
        _ size: [Int]?
    ) async throws -> RuntimeProcess {
        var config = record
        config.config.tty = request.tty
        var process = Spec.make(config, containerDefaults.applied(to: host)).process ?? RuntimeProcess(cwd: "/")
        process.args = request.cmd
        process.terminal = request.tty
        // Somebody may have taken it from the kernel since.
        process.apparmorProfile = try await pool.run { try AppArmor.prepare(host) }
        process.selinuxLabel = processLabel(record, host)
        let own = Spec.environment(config, links: await linkVariables(record, host))
        process.env = Spec.overlaid(own, with: request.env ?? [])
        if !request.workingDir.isEmpty { process.cwd = request.workingDir }
        if request.privileged {
            process.capabilities?.bounding = Capability.all
            process.capabilities?.permitted = Capability.all
            process.capabilities?.effective = Capability.all
        }
        process.consoleSize = nil
        if let size = size ?? request.consoleSize, size.count == 2, size[0] > 0, size[1] > 0 {
            process.consoleSize = ConsoleSize(height: UInt16(clamping: size[0]), width: UInt16(clamping: size[1]))
        }
        return process
    }
}
