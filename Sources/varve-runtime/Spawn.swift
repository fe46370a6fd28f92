import CLinux
import Cgroups
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// Makes the processes of a container: its first one in new namespaces, and execs in those.
enum Spawn {
    /// A process that is ready to run its program.
    struct Ready {
        var pid: Int32
        /// SEQPACKET, to the process.
        var socket: CInt = -1
        var stdio: Stdio
        /// The terminal's master, -1 without a terminal.
        var master: CInt
        var warnings: [String]
        /// How it is let go, if not by the socket.
        var letGo: (() throws -> Void)?
    }

    /// Clones the container's first process and waits until it has set itself up.
    ///
    /// `runHooks` is called, with its pid, when its tree is there, where the configuration has hooks for that.
    static func container(
        _ spec: RuntimeSpec,
        _ message: LaunchMessage,
        _ groups: Entrance,
        _ filter: SeccompFilter,
        _ handover: Handover = .monitor,
        runHooks: (Int32) throws -> Void = { _ in }
    ) throws -> Ready {
        if UserNamespace.isWanted(spec) {
            return try remappedContainer(spec, message, groups, filter, handover, runHooks: runHooks)
        }
        let stdio = try streams(handover, spec.process?.terminal == true, openStdin: message.openStdin)
        let (new, joined) = try namespaces(of: spec)
        // What is forked after the container is to be the host's.
        let joinsPIDs = try joinPIDs(joined)
        defer { if joinsPIDs { returnToOwnPIDs() } }
        return try start(stdio, clone: new, groups, runHooks) { socket in
            try ContainerInit(
                spec: spec,
                message: message,
                groups: groups,
                filter: filter,
                socket: socket,
                stdio: stdio.inside,
                joined: joined.filter { $0.type != "pid" },
                handover: handover
            ).run()
        }
    }

    static func streams(_ handover: Handover, _ isTerminal: Bool, openStdin: Bool) throws -> Stdio {
        if handover.inheritsStreams && !isTerminal { return .inherited }
        return try Stdio(terminal: isTerminal, openStdin: openStdin)
    }

    /// Starts a process in the namespaces of `container`.
    static func exec(
        _ exec: ExecMessage,
        in container: Int32,
        _ spec: RuntimeSpec,
        _ entrance: Entrance,
        _ filter: SeccompFilter,
        _ handover: Handover = .monitor
    ) throws -> Ready {
        let stdio = try streams(handover, exec.process.terminal == true, openStdin: exec.openStdin)
        let isRemapped = UserNamespace.isWanted(spec)
        if isRemapped { stdio.give(to: UserNamespace.root(of: spec)) }
        let hasClocks = spec.linux?.namespaces?.contains { $0.type == "time" } == true
        let handle = OwnedDescriptor(try sys("find the container") { linux_pidfd_open(container, 0) })
        let groups = (spec.annotations?["io.varve.group-add"] ?? "").split(separator: ",").map(String.init)
        return try start(stdio, clone: 0, entrance) { socket in
            try entrance.closeDevices(isFirst: false)
            if isRemapped {
                try ProcessSetup.prepare(exec.process)
            } else if let score = exec.process.oomScoreAdj {
                // The container's /proc won't have this process.
                _ = ProcessSetup.setScore(score)
            }
            try enter(handle.rawValue, hasClocks: hasClocks, isRemapped: isRemapped)
            try closeAll(but: socket, and: [stdio.inside.0, stdio.inside.1, stdio.inside.2] + handover.kept)
            if isRemapped { try UserNamespace.becomeRoot() }
            try ProcessSetup(
                process: exec.process,
                userName: handover.inheritsStreams && exec.userName.isEmpty ? nil : exec.userName,
                groups: groups,
                socket: socket,
                stdio: stdio.inside,
                isFirst: false,
                filter: filter,
                handover: handover,
                isRemapped: isRemapped
            ).run()
        }
    }

    /// Goes on as a second process, whose parent is the monitor too, in new namespaces, and in the control group `group`.
    static func goOn(_ socket: CInt, clone flags: UInt64 = 0, group: CInt? = nil) throws {
        var turn: [CInt] = [-1, -1]
        try sys("make a pipe") { pipe(&turn) }
        let pid = try sys("clone") { linux_clone(flags | UInt64(LINUX_CLONE_PARENT), group ?? -1) }
        guard pid == 0 else {
            var report = Report()
            report.pid = pid
            try report.send(to: socket)
            _exit(0)
        }
        // The monitor must know the pid before it hears that this process is ready: the pipe ends with the first one.
        close(turn[1])
        var nothing: UInt8 = 0
        read(turn[0], &nothing, 1)
        close(turn[0])
    }

    /// Clones a process into the control groups, which runs `body` there, and waits until that is ready.
    static func start(
        _ stdio: Stdio,
        clone flags: UInt64,
        _ groups: Entrance,
        _ runHooks: (Int32) throws -> Void = { _ in },
        _ body: (CInt) throws -> Never
    ) throws -> Ready {
        var ends: [CInt] = [-1, -1]
        try sys("make a socket pair") {
            socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        let first = linux_clone(flags, groups.unified ?? -1)
        guard first >= 0 else {
            // Again and again, where a container is at its limit of processes and its health is asked for.
            let refusal = SystemError("clone", .init(rawValue: errno))
            for end in ends { close(end) }
            stdio.closeAll()
            throw refusal
        }
        if first == 0 {
            close(ends[0])
            child(ends[1]) { socket in
                try groups.enter()
                try body(socket)
            }
        }
        close(ends[1])
        stdio.closeInside()
        return try awaitReady(first, ends[0], stdio, runHooks)
    }

    /// In the new process: never returns, and never throws into the monitor's code.
    private static func child(_ socket: CInt, _ body: (CInt) throws -> Never) -> Never {
        do { try body(socket) } catch {
            var report = Report()
            report.error = "\(error)"
            report.exitCode = (error as? StepError)?.exitCode ?? 128
            try? report.send(to: socket)
            _exit(1)
        }
    }

    private static func awaitReady(
        _ first: Int32,
        _ socket: CInt,
        _ stdio: Stdio,
        _ runHooks: (Int32) throws -> Void
    ) throws -> Ready {
        var pid = first
        while let (report, descriptor) = try Report.receive(from: socket) {
            if let made = report.pid {
                var status: CInt = 0
                waitpid(first, &status, 0)
                pid = made
                continue
            }
            if report.awaitsHooks == true {
                do {
                    try runHooks(pid)
                    var done: UInt8 = 1
                    try sys("go on after the hooks") { write(socket, &done, 1) }
                } catch {
                    kill(pid, SIGKILL)
                    try fail(pid, socket, stdio, StepError("\(error)"))
                }
                continue
            }
            if report.ready {
                return Ready(pid: pid, socket: socket, stdio: stdio, master: descriptor, warnings: report.warnings)
            }
            try fail(pid, socket, stdio, StepError(report.error ?? "it failed", exitCode: report.exitCode ?? 128))
        }
        try fail(pid, socket, stdio, StepError("the process ended before it was set up"))
    }

    private static func fail(_ pid: Int32, _ socket: CInt, _ stdio: Stdio, _ error: StepError) throws -> Never {
        var status: CInt = 0
        waitpid(pid, &status, 0)
        for descriptor in [socket, stdio.input, stdio.output, stdio.error] where descriptor >= 0 { close(descriptor) }
        throw error
    }
}
