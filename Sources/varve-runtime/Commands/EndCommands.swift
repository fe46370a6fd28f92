import CLinux
import Cgroups
import Glibc
import Linux
import OCI
import SystemPackage

/// Takes a container away.
struct Deletion {
    private let folder: StateFolder
    private let invocation: Invocation

    init(_ folder: StateFolder, _ invocation: Invocation) {
        (self.folder, self.invocation) = (folder, invocation)
    }

    /// Only one that has stopped, unless by `force`: that kills it, and does not mind if there is none.
    func run(force: Bool) throws {
        guard folder.isThere || !force else { return }
        guard let record = try? folder.record() else {
            guard force else { _ = try folder.record(); return }
            // Its making was cut short before anything else was made.
            return try folder.remove()
        }
        let status = folder.status(record)
        if status != .stopped {
            guard force else {
                throw StepError("cannot delete container \(folder.id) that is not stopped: \(status.rawValue)")
            }
            try end(record)
        }
        // Who shares the host's processes may have left some.
        try CommandGroups(record.cgroupsPath)?.group.remove()
        let spec = try? folder.spec()
        try folder.remove()
        if let spec { Self.runPoststop(spec, record, invocation) }
    }

    private func end(_ record: ContainerRecord) throws {
        guard record.pid != 0 else { return }
        try Killing(record).send(SIGKILL)
        for _ in 0..<1000 {
            if folder.status(record) == .stopped { return }
            // Our own child, of `run`.
            waitpid(record.pid, nil, WNOHANG)
            usleep(10_000)
        }
        throw StepError("process \(record.pid) does not end, ten seconds after it was killed")
    }

    /// What fails there is told, and changes nothing.
    static func runPoststop(_ spec: RuntimeSpec, _ record: ContainerRecord, _ invocation: Invocation) {
        var state = RuntimeState(
            ociVersion: record.ociVersion,
            id: record.id,
            status: .stopped,
            pid: 0,
            bundle: record.bundle
        )
        state.annotations = record.annotations
        for hook in spec.hooks?.poststop ?? [] {
            do { try Hooks.run([hook], "poststop", state) } catch { invocation.warn("\(error)") }
        }
    }
}

/// Signals to a container's processes.
struct Killing {
    private let record: ContainerRecord

    init(_ record: ContainerRecord) { self.record = record }

    /// To the first process; one that stands still is let go on, where it could not die else.
    func send(_ signal: Int32) throws {
        let handle = OwnedDescriptor(try sys("find process \(record.pid)") { linux_pidfd_open(record.pid, 0) })
        // From here on the number is nobody else's.
        guard ProcessStatus(record.pid)?.isAlive(since: record.startTime) == true else {
            throw StepError("container not running")
        }
        try sys("signal process \(record.pid)") { linux_pidfd_send_signal(handle.rawValue, signal) }
        if signal == SIGKILL { try thaw() }
    }

    /// To each process of the control groups.
    func sendToAll(_ signal: Int32) throws {
        guard let groups = CommandGroups(record.cgroupsPath) else {
            throw StepError("kill --all needs control groups, and this host has none")
        }
        for pid in try groups.processes() where kill(pid, signal) != 0 && errno != ESRCH {
            throw SystemError("signal process \(pid)", .init(rawValue: errno))
        }
        if signal == SIGKILL { try thaw() }
    }

    private func thaw() throws {
        guard let groups = CommandGroups(record.cgroupsPath), groups.isFrozen else { return }
        try groups.group.thaw()
    }
}

enum EndCommands {
    static func kill(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        var options = try Options(words, [.flag("all", "a")])
        // `kill ID --all` is what some write.
        if options.rest.last == "--all" || options.rest.last == "-a" {
            options = try Options(["--all"] + options.rest.dropLast(), [.flag("all", "a")])
        }
        guard (1...2).contains(options.rest.count) else { throw UsageError("kill needs a container ID and a signal") }
        let folder = try StateFolder(options.rest[0], invocation)
        let signal = try SignalNames.number(options.rest.count > 1 ? options.rest[1] : "TERM")
        let record = try folder.record()
        if options.has("all") {
            try Killing(record).sendToAll(signal)
            return 0
        }
        guard ![.stopped, .creating].contains(folder.status(record)) else { throw StepError("container not running") }
        try Killing(record).send(signal)
        return 0
    }

    static func delete(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let options = try Options(words, [.flag("force", "f")])
        let folder = try StateFolder(try options.container(), invocation)
        WarmUp.lookAtHost()
        try Deletion(folder, invocation).run(force: options.has("force"))
        return 0
    }

    static func pause(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let folder = try StateFolder(try Options(words, []).container(), invocation)
        let record = try folder.record()
        let status = folder.status(record)
        guard [.running, .created].contains(status) else { throw StepError("cannot pause: it is \(status.rawValue)") }
        guard let groups = CommandGroups(record.cgroupsPath) else { throw StepError("this host has no control groups") }
        try groups.group.freeze()
        return 0
    }

    static func resume(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let folder = try StateFolder(try Options(words, []).container(), invocation)
        let record = try folder.record()
        guard folder.status(record) == .paused else { throw StepError("cannot resume: it is not paused") }
        try CommandGroups(record.cgroupsPath)?.group.thaw()
        return 0
    }
}
