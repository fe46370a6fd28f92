import FoundationEssentials
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// Why a process could not be started in a container; it has an exit status of its own, as with runc.
struct FailedExec: Error, CustomStringConvertible { let description: String }

/// `exec`: another process in the namespaces of a container.
enum ExecCommand {
    private static let options: [Options.Known] = [
        .value("process", "p"), .flag("detach", "d"), .flag("tty", "t"), .value("console-socket"), .value("pid-file"),
        .value("cwd"), .value("env", "e"), .value("user", "u"), .value("additional-gids", "g"),
        .value("preserve-fds"), .flag("no-new-privs"), .value("cap", "c"), .value("apparmor"),
        .value("process-label"), .flag("no-subreaper"), .flag("ignore-paused"), .value("cgroup"),
    ]

    static func run(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        do {
            try SealedProgram.enter()
            let options = try Options(words, options)
            guard let id = options.rest.first else { throw UsageError("exec needs a container ID") }
            return try run(options, try StateFolder(id, invocation), invocation)
        } catch { throw FailedExec(description: "exec failed: \(error)") }
    }

    private static func run(_ options: Options, _ folder: StateFolder, _ invocation: Invocation) throws -> Int32 {
        let record = try folder.record()
        let spec = try folder.spec()
        let status = folder.status(record)
        guard status == .running || status == .created || options.has("ignore-paused") && status == .paused else {
            throw StepError("cannot exec in a container that is \(status.rawValue)")
        }
        WarmUp.lookAtHost()
        var process = try self.process(options, spec)
        let goes = options.has("detach")
        let console = options.value("console-socket").flatMap { $0.isEmpty ? nil : absolute($0).string }
        try Terminals.check(process.terminal == true, socket: console, goes: goes)
        let pidFile = options.value("pid-file").flatMap { $0.isEmpty ? nil : absolute($0) }
        let streams = try PreservedStreams(options.number("preserve-fds") ?? 0)
        process.env = streams.environment(process.env ?? [])
        try sys("enter \(folder.path)") { chdir(folder.path.string) }
        let consoleSocket = try console.map { path in try ConsoleSocket(path) }
        let foreground = goes ? nil : try Foreground()
        let ready = try spawn(process, options, spec, record, streams)
        if let consoleSocket { try consoleSocket.send(ready.master) }
        if let pidFile {
            let mode = FilePermissions(rawValue: 0o644)
            try writeAtomically(Array("\(ready.pid)".utf8), to: pidFile, mode: mode, flush: false)
        }
        let master = console == nil ? ready.master : -1
        foreground?.resize(master)
        do { try Report.letGo(ready.socket) } catch {
            waitpid(ready.pid, nil, 0)
            throw error
        }
        return try foreground?.wait(for: ready.pid, master: master) ?? 0
    }

    private static func spawn(
        _ process: RuntimeProcess,
        _ options: Options,
        _ spec: RuntimeSpec,
        _ record: ContainerRecord,
        _ streams: PreservedStreams
    ) throws -> Spawn.Ready {
        // A name is looked up in the container, numbers are taken as they are.
        let user = options.value("user") ?? ""
        let isName = !user.allSatisfy { $0.isNumber || $0 == ":" }
        let message = ExecMessage(
            process: process,
            userName: isName ? user : "",
            openStdin: true,
            waitsForClient: false
        )
        var handover = Handover()
        handover.inheritsStreams = true
        handover.preserved = streams.count
        handover.diesWithStarter = false
        let groups = try step("control groups") { try ContainerGroups(joining: record.cgroupsPath, of: record.pid) }
        let filter = try step("seccomp") { try SeccompFilter(spec) }
        return try Spawn.exec(message, in: record.pid, spec, groups.entrance, filter, handover)
    }

    /// The container's own process, with what is said otherwise.
    private static func process(_ options: Options, _ spec: RuntimeSpec) throws -> RuntimeProcess {
        if let path = options.value("process") {
            let process = try step("--process \(path)") {
                try JSONDecoder().decode(RuntimeProcess.self, from: Data(readFile(absolute(path))))
            }
            try BundleSpec.check(process)
            return process
        }
        guard options.rest.count > 1 else { throw UsageError("exec needs a command, or --process FILE") }
        var process = spec.process ?? RuntimeProcess(cwd: "/")
        process.args = Array(options.rest.dropFirst())
        process.terminal = options.has("tty")
        process.env = (process.env ?? []) + options.values("env")
        if let folder = options.value("cwd") { process.cwd = folder }
        if let user = options.value("user") { process.user = numbers(user, process.user) }
        if !options.values("additional-gids").isEmpty {
            process.user = process.user ?? RuntimeUser()
            process.user?.additionalGids = options.values("additional-gids").compactMap { UInt32($0) }
        }
        if options.has("no-new-privs") { process.noNewPrivileges = true }
        if let profile = options.value("apparmor") { process.apparmorProfile = profile }
        if let label = options.value("process-label") { process.selinuxLabel = label }
        let more = options.values("cap")
        if !more.isEmpty {
            var sets = process.capabilities ?? RuntimeCapabilities()
            for set in [\RuntimeCapabilities.bounding, \.effective, \.permitted] {
                sets[keyPath: set] = (sets[keyPath: set] ?? []) + more
            }
            process.capabilities = sets
        }
        try BundleSpec.check(process)
        return process
    }

    /// `uid[:gid]`.
    private static func numbers(_ text: String, _ old: RuntimeUser?) -> RuntimeUser {
        let parts = text.split(separator: ":").map { UInt32($0) }
        var user = RuntimeUser()
        user.umask = old?.umask
        user.uid = parts.first.flatMap { $0 } ?? 0
        user.gid = parts.dropFirst().first.flatMap { $0 } ?? 0
        return user
    }
}
