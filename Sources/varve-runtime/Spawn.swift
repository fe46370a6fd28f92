import CLinux
import Cgroups
import Glibc
import Linux
import OCI
import RuntimeProtocol

/// Makes the processes of a container: its first one in new namespaces, and execs in those.
enum Spawn {
    /// A process that is ready to run its program.
    struct Ready {
        var pid: Int32
        /// SEQPACKET, to the process.
        var socket: CInt
        var stdio: Stdio
        /// The terminal's master, -1 without a terminal.
        var master: CInt
        var warnings: [String]
    }

    static let flags: [String: UInt64] = [
        "mount": UInt64(LINUX_NEWNS), "pid": UInt64(LINUX_NEWPID),
        "uts": UInt64(LINUX_NEWUTS), "ipc": UInt64(LINUX_NEWIPC),
        "network": UInt64(LINUX_NEWNET), "cgroup": UInt64(LINUX_NEWCGROUP),
    ]

    /// Clones the container's first process and waits until it has set itself up.
    static func container(
        _ spec: RuntimeSpec,
        _ message: LaunchMessage,
        _ groups: Entrance,
        _ filter: SeccompFilter
    ) throws -> Ready {
        if UserNamespace.isWanted(spec) { return try remappedContainer(spec, message, groups, filter) }
        let stdio = try Stdio(terminal: spec.process?.terminal == true, openStdin: message.openStdin)
        var new = UInt64(LINUX_NEWNS)
        var joined: [(type: String, descriptor: CInt)] = []
        for namespace in spec.linux?.namespaces ?? [] {
            guard let flag = flags[namespace.type] else {
                throw StepError("namespaces of type \(namespace.type) are not there yet")
            }
            guard let path = namespace.path else {
                // Its root is the groups that the process is in when it is made: it makes that itself, in its own.
                if namespace.type != "cgroup" { new |= flag }
                continue
            }
            let descriptor = try sys("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }
            // A process changes its pid namespace only for its children.
            if namespace.type == "pid" {
                try sys("join the pid namespace") { linux_setns(descriptor, CInt(LINUX_NEWPID)) }
            } else {
                joined.append((namespace.type, descriptor))
            }
        }
        return try start(stdio, clone: new, groups) { socket in
            try ContainerInit(
                spec: spec,
                message: message,
                groups: groups,
                filter: filter,
                socket: socket,
                stdio: stdio.inside,
                joined: joined
            ).run()
        }
    }

    /// Starts a process in the namespaces of `container`.
    static func exec(
        _ exec: ExecMessage,
        in container: Int32,
        _ spec: RuntimeSpec,
        _ entrance: Entrance,
        _ filter: SeccompFilter
    ) throws -> Ready {
        let stdio = try Stdio(terminal: exec.process.terminal == true, openStdin: exec.openStdin)
        let isRemapped = UserNamespace.isWanted(spec)
        if isRemapped { stdio.give(to: UserNamespace.root(of: spec)) }
        let handle = OwnedDescriptor(try sys("find the container") { linux_pidfd_open(container, 0) })
        let groups = (spec.annotations?["io.varve.group-add"] ?? "").split(separator: ",").map(String.init)
        return try start(stdio, clone: 0, entrance) { socket in
            try entrance.closeDevices(isFirst: false)
            if isRemapped { try ProcessSetup.prepare(exec.process) }
            try enter(handle.rawValue, isRemapped: isRemapped)
            // Its own children only enter the pid namespace.
            try goOn(socket)
            if isRemapped { try UserNamespace.becomeRoot() }
            try ProcessSetup(
                process: exec.process,
                userName: exec.userName,
                groups: groups,
                socket: socket,
                stdio: stdio.inside,
                isFirst: false,
                filter: filter,
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

    /// All namespaces of the container in one call; those that it shares with the host can't be entered again, and need not.
    private static func enter(_ handle: CInt, isRemapped: Bool) throws {
        let user = isRemapped ? CInt(LINUX_NEWUSER) : 0
        let all = flags.values.reduce(0, |)
        if linux_setns(handle, CInt(truncatingIfNeeded: all) | user) == 0 { return }
        for type in ["cgroup", "ipc", "uts", "network", "pid", "mount"] {
            try sys("join the \(type) namespace") { linux_setns(handle, CInt(truncatingIfNeeded: flags[type] ?? 0)) }
        }
        // Last: without the host's rights it could not join what is the host's.
        if isRemapped { try sys("join the user namespace") { linux_setns(handle, user) } }
    }

    /// Clones a process into the control groups, which runs `body` there, and waits until that is ready.
    static func start(
        _ stdio: Stdio,
        clone flags: UInt64,
        _ groups: Entrance,
        _ body: (CInt) throws -> Never
    ) throws -> Ready {
        var ends: [CInt] = [-1, -1]
        try sys("make a socket pair") {
            socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        let first = try sys("clone") { linux_clone(flags, groups.unified ?? -1) }
        if first == 0 {
            close(ends[0])
            child(ends[1]) { socket in
                try groups.enter()
                try body(socket)
            }
        }
        close(ends[1])
        stdio.closeInside()
        return try awaitReady(first, ends[0], stdio)
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

    private static func awaitReady(_ first: Int32, _ socket: CInt, _ stdio: Stdio) throws -> Ready {
        var pid = first
        while let (report, descriptor) = try Report.receive(from: socket) {
            if let made = report.pid {
                var status: CInt = 0
                waitpid(first, &status, 0)
                pid = made
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
