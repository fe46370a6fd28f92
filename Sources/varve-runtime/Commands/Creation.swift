import CLinux
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// Makes a container of a bundle, for `create` and `run`.
struct Creation {
    let invocation: Invocation
    let folder: StateFolder
    let bundle: BundleSpec
    /// Others will start it; else whoever made it does.
    let isForOthers: Bool
    var consoleSocket: String?
    var pidFile: FilePath?
    var pivots = true
    var streams = PreservedStreams()

    /// Returns when its process waits for the start; of what fails before, nothing is left.
    func run() throws -> Spawn.Ready {
        try folder.make()
        var spec = bundle.spec
        var made = Made(record: record(spec))
        do {
            try sys("enter \(folder.path)") { chdir(folder.path.string) }
            try sys("mkdir rootfs") { mkdir("rootfs", 0o700) }
            let path = made.record.cgroupsPath
            try CommandGroups(path)?.refuseOthers(path)
            try folder.write(made.record)
            made.groups = try step("control groups") { try ContainerGroups(spec) }
            try step("seccomp") { try SeccompFilter.make(&spec) }
            let environment = spec.process?.env ?? []
            spec.process?.env = streams.environment(environment)
            try folder.write(spec)
            return try start(spec, &made)
        } catch {
            if let pid = made.pid { end(pid) }
            made.groups.remove()
            try? folder.remove()  // the first error is the one to report
            Deletion.runPoststop(spec, made.record, invocation)
            throw error
        }
    }

    /// What there is of it so far.
    private struct Made {
        var record: ContainerRecord
        var groups = ContainerGroups()
        var pid: Int32?
    }

    private func start(_ spec: RuntimeSpec, _ made: inout Made) throws -> Spawn.Ready {
        let filter = try SeccompFilter(spec)
        let handover = try handover(made.record)
        defer { if handover.gate >= 0 { close(handover.gate) } }
        let console = try consoleSocket.map { path in try ConsoleSocket(path) }
        var message = LaunchMessage(id: folder.id, folder: folder.path.string, rootFolder: bundle.rootfs, mounts: [])
        message.openStdin = true
        let ready = try Spawn.container(spec, message, made.groups.entrance, filter, handover) { pid in
            try note(pid, &made.record)
            let state = folder.state(made.record).at(.creating, pid: pid)
            try Hooks.run(spec.hooks?.prestart, "prestart", state)
            try Hooks.run(spec.hooks?.createRuntime, "createRuntime", state)
        }
        made.pid = ready.pid
        for warning in ready.warnings { invocation.debug("left out: \(warning)") }
        if made.record.pid == 0 { try note(ready.pid, &made.record) }
        if let console {
            try console.send(ready.master)
            close(ready.master)
        }
        if let pidFile {
            try writeAtomically(Array("\(ready.pid)".utf8), to: pidFile, mode: Self.readable, flush: false)
        }
        return ready
    }

    private static let readable = FilePermissions(rawValue: 0o644)

    private func note(_ pid: Int32, _ record: inout ContainerRecord) throws {
        guard let status = ProcessStatus(pid) else { throw StepError("the container's process is gone") }
        (record.pid, record.startTime) = (pid, status.startTime)
        try folder.write(record)
    }

    private func handover(_ record: ContainerRecord) throws -> Handover {
        var handover = Handover()
        handover.inheritsStreams = true
        handover.preserved = streams.count
        handover.diesWithStarter = false
        handover.pivots = pivots
        handover.state = folder.state(record)
        if isForOthers { handover.gate = try listen(on: StateFolder.gate, Int32(SOCK_SEQPACKET.rawValue)) }
        return handover
    }

    private func record(_ spec: RuntimeSpec) -> ContainerRecord {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var record = ContainerRecord(
            ociVersion: spec.ociVersion,
            id: folder.id,
            bundle: bundle.folder.string,
            rootfs: bundle.rootfs,
            created: Timestamp(seconds: Int64(now.tv_sec), nanoseconds: Int32(now.tv_nsec)),
            owner: getuid() == 0 ? "root" : "\(getuid())",
            cgroupsPath: spec.linux?.cgroupsPath ?? ""
        )
        record.annotations = spec.annotations
        return record
    }

    private func end(_ pid: Int32) {
        var status: CInt = 0
        kill(pid, SIGKILL)
        waitpid(pid, &status, 0)
    }
}

/// Descriptors from 3 on that the program gets from the caller: `--preserve-fds`, and those of socket activation
/// (man 3 sd_listen_fds).
struct PreservedStreams {
    private(set) var count: UInt32 = 0
    private var listening: UInt32 = 0

    init() {}

    /// Throws where one of them is not open.
    init(_ wanted: UInt32) throws {
        listening = getenv("LISTEN_FDS").flatMap { UInt32(String(cString: $0)) } ?? 0
        guard wanted <= 1 << 16, listening <= 1 << 16 else { throw UsageError("so many descriptors can't be open") }
        count = wanted + listening
        for descriptor in 0..<CInt(count) where fcntl(descriptor + 3, F_GETFD) < 0 {
            throw StepError("the file descriptor \(descriptor + 3), which shall be preserved, is not open")
        }
    }

    func environment(_ given: [String]) -> [String] {
        listening == 0 ? given : given + ["LISTEN_FDS=\(listening)", "LISTEN_PID=1"]
    }
}
