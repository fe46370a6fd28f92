import CLinux
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// An OCI runtime of somebody else, which makes a container's processes where the monitor else does so itself.
///
/// All that it keeps is in the container's folder in the exec root, which is the working folder. Its commands are the
/// monitor's children, and while one runs the monitor adopts what that leaves behind (man 2 prctl,
/// `PR_SET_CHILD_SUBREAPER`): so the container's processes are its children, as if it had made them.
struct ForeignRuntime {
    private let program: ForeignProgram
    private let id: String

    init(_ command: RuntimeCommand, _ message: LaunchMessage) {
        program = ForeignProgram(command: command, folder: message.folder)
        id = message.id
    }

    /// Makes the container, whose process waits to be let go.
    func create(_ spec: RuntimeSpec, _ message: LaunchMessage) throws -> Spawn.Ready {
        let size = spec.process?.terminal == true ? spec.process?.consoleSize ?? .unknown : nil
        let stdio = try Stdio(terminal: size != nil, openStdin: message.openStdin)
        var ready = try adopt(stdio, size, ["create", "--bundle", message.folder], clone: UInt64(LINUX_NEWNS)) {
            var bundle = ForeignBundle(spec: spec, message: message)
            try bundle.make()
            return bundle.warnings
        }
        ready.letGo = { [self] in try program.run(["start", id]) }
        return ready
    }

    /// Starts another process in the container whose first one is `container`.
    ///
    /// Runtimes know none that waits: what it says waits in its pipes for the first client.
    func exec(_ exec: ExecMessage, in container: Int32, _ spec: RuntimeSpec) throws -> Spawn.Ready {
        let size = exec.process.terminal == true ? exec.process.consoleSize ?? .unknown : nil
        var stdio = try Stdio(terminal: size != nil, openStdin: exec.openStdin)
        // Here runtimes pass the host's null device on, for the process to chmod; crun gives it to the process's user.
        if size == nil, stdio.inside.0 < 0 { stdio.inside.0 = try Stdio.emptyPipe() }
        var ready = try adopt(stdio, size, ["exec", "--process", "exec.json", "--detach"]) {
            var process = ForeignProcess(exec.process)
            let root = try ContainerRoot("/proc/\(container)/root")
            try process.resolve(exec.userName, adding: ForeignProcess.groups(of: spec), in: root)
            try ForeignBundle.write(process.process, to: "exec.json")
            return process.warnings
        }
        ready.letGo = {}
        return ready
    }

    /// The control groups that it made.
    func groups(of spec: RuntimeSpec, _ pid: Int32) throws -> ContainerGroups {
        guard let path = spec.linux?.cgroupsPath else { return ContainerGroups() }
        return try ContainerGroups(joining: path, of: pid)
    }

    /// Lets it take away what it keeps of a container that has ended.
    func delete() {
        do { try program.run(["delete", "--force", id]) } catch {
            // Its state goes with the folder; of its control groups the monitor knows some: the daemon looks for the others.
            try? writeFile([], to: "groups", mode: [.ownerReadWrite])
        }
    }

    /// Collects children that are nobody's: adopted ones that are no process of the container's as the monitor knows it.
    func reapStrangers(besides own: [Int32]) {
        for _ in 0..<64 {
            var info = siginfo_t()
            guard waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
            let pid = info._sifields._sigchld.si_pid
            guard pid > 0, !own.contains(pid) else { return }
            waitpid(pid, nil, WNOHANG)
        }
    }

    // MARK: Adoption

    /// Runs a command that leaves a process behind, and takes that over; `terminal` is the size of its terminal, nil: none.
    private func adopt(
        _ stdio: Stdio,
        _ terminal: ConsoleSize?,
        _ words: [String],
        clone flags: UInt64 = 0,
        prepare: () throws -> [String]
    ) throws -> Spawn.Ready {
        var words = words + ["--pid-file", "runtime.pid"]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let console = OwnedDescriptor(terminal == nil ? -1 : try listen(on: "console.sock", type))
        if terminal != nil { words += ["--console-socket", "console.sock"] }
        defer { for name in ["runtime.pid", "console.sock"] { unlink(name) } }
        do {
            try sys("adopt processes") { linux_prctl(CInt(LINUX_PR_SET_CHILD_SUBREAPER), 1, 0) }
            // Later orphans are not the monitor's to keep.
            defer { _ = linux_prctl(CInt(LINUX_PR_SET_CHILD_SUBREAPER), 0, 0) }
            let warnings = try program.run(words + [id], stdio, clone: flags, prepare: prepare)
            let pid = try step("what \(program.name) started") { try started() }
            let master = try terminal.map { try self.terminal(console.rawValue, $0) } ?? -1
            stdio.closeInside()
            return Spawn.Ready(pid: pid, stdio: stdio, master: master, warnings: warnings)
        } catch {
            stdio.closeAll()
            throw error
        }
    }

    /// The process whose number the runtime wrote down: a child of the monitor's.
    private func started() throws -> Int32 {
        let text = String(decoding: try readFile("runtime.pid"), as: UTF8.self)
        guard let pid = Int32(text.filter { !$0.isWhitespace }), pid > 1 else {
            throw StepError("its number is \"\(text)\"")
        }
        var info = siginfo_t()
        try sys("adopt process \(pid)") { waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) }
        return pid
    }

    /// The terminal's master, which was sent before the command ended.
    private func terminal(_ listener: CInt, _ size: ConsoleSize) throws -> CInt {
        let connection = OwnedDescriptor(try sys("be given the terminal") { accept(listener, nil, nil) })
        var name = [UInt8](repeating: 0, count: 4096)
        var master: CInt = -1
        try sys("be given the terminal") { linux_receive(connection.rawValue, &name, name.count, &master) }
        guard master >= 0 else { throw StepError("\(program.name) sent no terminal") }
        _ = fcntl(master, F_SETFD, FD_CLOEXEC)
        if size != .unknown {
            try sys("set the terminal's size") { linux_set_window(master, size.height, size.width) }
        }
        return master
    }
}

extension ConsoleSize {
    fileprivate static let unknown = ConsoleSize(height: 0, width: 0)
}
