import Cgroups
import FoundationEssentials
import Linux
package import Logging
import OCI
package import RuntimeProtocol
import Synchronization
package import SystemPackage

/// Starts containers through one `varve-runtime` that runs all the time.
///
/// Every container then belongs to a monitor of its own that outlives this process; a folder `<exec-root>/<id>` joins the
/// two, and a daemon that comes later finds the monitor's socket, or what it left, there.
package final class Launcher: Sendable {
    private let execRoot: FilePath
    private let program: RuntimeProgram
    private let zygote: Mutex<Zygote>
    private let log: Logger

    /// Starts the zygote from `runtime`; each container gets a folder in `execRoot`.
    ///
    /// Throws where `runtime` is not there or can't be run.
    package init(execRoot: FilePath, runtime: FilePath, log: Logger) throws {
        self.execRoot = execRoot
        self.log = log
        try makeFolders(execRoot, mode: FilePermissions(rawValue: 0o711))
        program = try RuntimeProgram(copying: runtime)
        zygote = Mutex(try Zygote.start(program, log: execRoot.appending("varve-runtime.log")))
    }

    /// Sets a container up; its process waits for `Monitor.start`.
    ///
    /// Throws `LaunchError`.
    package func launch(_ request: LaunchRequest) async throws -> Monitor {
        let pair = try SocketPair(.stream)
        let folder = execRoot.appending(request.id)
        let control = ControlConnection(pair.own, folder: folder)
        let answer = Task { try await control.reply(to: 0) }
        do {
            try hand(LaunchMessage(request, folder: folder), pair.other)
        } catch {
            control.close()
            answer.cancel()
            throw error
        }
        let reply = try await answer.value
        guard let pid = reply.pid else {
            throw LaunchError("the monitor did not say which process it started", exitCode: 128)
        }
        for warning in reply.warnings ?? [] {
            log.debug("left out", metadata: ["container": "\(request.id)", "what": "\(warning)"])
        }
        return Monitor(pid: pid, folder: folder, control: control)
    }

    /// Gives the message and the monitor's end to the zygote; starts a new one where it died.
    private func hand(_ message: LaunchMessage, _ end: consuming OwnedDescriptor) throws {
        let bytes = Array(try JSONEncoder().encode(message))
        let descriptor = end.rawValue
        try zygote.withLock { zygote in
            if (try? zygote.send(bytes, descriptor)) != nil { return }
            log.warning("varve-runtime's first process is gone; starting another")
            zygote = try Zygote.start(program, log: execRoot.appending("varve-runtime.log"))
            try zygote.send(bytes, descriptor)
        }
        _ = consume end
    }

    /// Finds the monitor of a container that another daemon launched; nil: it is gone.
    package func reconnect(_ id: String) async throws -> Monitor? {
        let folder = execRoot.appending(id)
        guard let socket = try? await onThread({ try connect(to: folder) }) else { return nil }
        let control = ControlConnection(OwnedDescriptor(socket.rawValue), folder: folder)
        guard let reply = try? await control.request(ControlRequest(.hello)), let pid = reply.pid else {
            control.close()
            return nil
        }
        return Monitor(pid: pid, folder: folder, control: control, hadKills: reply.kills ?? 0 > 0)
    }

    /// What a monitor that is gone left behind.
    package func exitRecord(_ id: String) throws -> ExitRecord? { try ExitRecord(in: execRoot.appending(id)) }

    /// Deletes a container's folder in the exec root; of one whose monitor was killed, also its control groups.
    package func forget(_ id: String) {
        let folder = execRoot.appending(id)
        do {
            // A monitor that says how its container ended has removed the groups before, or says that it could not.
            let isDone = exists(folder.appending("exit.json")) && !exists(folder.appending("groups"))
            let failure = Result { if !isDone { try removeGroups(folder) } }
            try removeTree(folder)
            try failure.get()
        } catch {
            log.warning("not removed", metadata: ["path": "\(folder)", "error": "\(error)"])
        }
    }

    private func removeGroups(_ folder: FilePath) throws {
        // Without a whole configuration nothing was started.
        guard let bytes = try? readFile(folder.appending("config.json")),
            let spec = try? JSONDecoder().decode(RuntimeSpec.self, from: Data(bytes)),
            let path = spec.linux?.cgroupsPath
        else { return }
        let group = try ControlGroup(path, in: try Hierarchies())
        try group.remove()
        try group.removeElsewhere()
    }
}

extension ExitRecord {
    /// The record that a monitor left in `folder`; nil: none.
    init?(in folder: FilePath) throws {
        let path = folder.appending("exit.json")
        guard exists(path) else { return nil }
        self = try JSONDecoder().decode(Self.self, from: Data(readFile(path)))
    }
}

extension LaunchMessage {
    init(_ request: LaunchRequest, folder: FilePath) {
        var rootFolder: String?
        var mounts: [RootMount] = []
        switch request.rootfs {
        case .folder(let path): rootFolder = path.string
        case .mounts(let all):
            mounts = all.map {
                RootMount(
                    type: $0.type,
                    source: $0.source,
                    target: $0.target.string,
                    options: $0.options,
                    subfolder: $0.subfolder.string
                )
            }
        }
        self.init(id: request.id, folder: folder.string, rootFolder: rootFolder, mounts: mounts)
        openStdin = request.openStdin
        stdinOnce = request.stdinOnce
        log = request.log
        runtime = request.runtime
    }
}
