import CLinux
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// The last steps of a container's process and of an exec alike, from the moment the tree is `/`.
///
/// The order: the keyring while nothing filters; the terminal while we may still open devices; the folder and the program's
/// path as the user who will use them sees them; limits and OOM score before capabilities go; descriptors before the
/// seccomp filter, which may forbid to close them; ids and capabilities; signals, which must be right from the first
/// instruction of the program; then the report, and after the go the program.
///
/// An exec is seen by the container's processes only when it has no more rights than they (`Spawn.goOn`): who may trace
/// could take any that it still has.
struct ProcessSetup {
    let process: RuntimeProcess
    /// Docker's `user[:group]`; nil: the numbers of `process` are all there is to it.
    let userName: String?
    let groups: [String]
    /// The SEQPACKET socket to the monitor.
    let socket: CInt
    /// Descriptors that become 0, 1 and 2, where there is no terminal.
    let stdio: (CInt, CInt, CInt)
    /// Only the container's first process puts its terminal on `/dev/console`, and makes a missing working folder.
    let isFirst: Bool
    let filter: SeccompFilter
    let handover: Handover
    var startHooks: [RuntimeHook]?
    var personality: RuntimePersonality?
    /// It is in a user namespace of its own: `prepare` was done before.
    var isRemapped = false

    /// What takes the host's rights.
    static func prepare(_ process: RuntimeProcess) throws {
        var told: [String] = []
        if let score = process.oomScoreAdj { _ = setScore(score) }
        try Limits.set(process.rlimits ?? [], onlyHigher: true, warnings: &told)
    }

    func run() throws -> Never {
        var warnings: [String] = []
        try leaveKeyring()
        let master = process.terminal == true ? try Terminal.open(size: process.consoleSize, console: isFirst) : -1
        if isFirst { try beginSession(master) }
        let account: Accounts
        do throws(AccountError) {
            account = try Accounts(userName ?? "", adding: groups, fallback: process.user, isExact: userName == nil) {
                open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
            }
        } catch { throw StepError(error.description) }
        if master < 0 { try useStdio(account) }
        try enterFolder()
        if isFirst, !isRemapped, let score = process.oomScoreAdj, !Self.setScore(score) {
            warnings.append("oom_score_adj \(score) is not this host's to give")
        }
        try Limits.set(process.rlimits ?? [], warnings: &warnings)
        _ = Credentials.available(process.capabilities?.bounding ?? [], warnings: &warnings)
        umask(mode_t(process.user?.umask ?? 0o022))
        // Before the filter: profiles of old know no close_range. What is opened from here on is marked by itself.
        try sys("close what the program must not have") { linux_cloexec_from(3 + handover.preserved) }
        if let personality { try Personality.set(personality) }
        try giveUpRights(account)
        if !isFirst {
            try Spawn.goOn(socket)
            try beginSession(master)
        }
        try begin(account, master, warnings)
    }

    /// Reports, waits for the go, and becomes the program.
    private func begin(_ account: Accounts, _ master: CInt, _ warnings: [String]) throws -> Never {
        // Changing ids clears it, so it is set after that: the process ends with its monitor.
        if handover.diesWithStarter {
            try sys("die with the monitor") { linux_prctl(CInt(LINUX_PR_SET_PDEATHSIG), 9, 0) }
        }
        // The container's /proc has no process that is not in its pid namespace.
        try Labels.set(process)
        let environment = withHome(process.env ?? [], account.home)
        let arguments = process.args ?? []
        let program = try Executable.find(arguments.first ?? "", environment: environment)
        linux_reset_signals()
        var report = Report()
        report.ready = true
        report.warnings = warnings
        try report.send(to: socket, descriptor: master)
        guard try handover.waitForGo(socket) else { _exit(0) }
        if let state = handover.state {
            try Hooks.run(startHooks, "startContainer", state.at(.created, pid: getpid()))
        }
        if process.noNewPrivileges == true { try filter.load() }
        try Executable.run(program, arguments, environment)
    }

    private func giveUpRights(_ account: Accounts) throws {
        if process.noNewPrivileges == true {
            try sys("set no_new_privs") { linux_prctl(CInt(LINUX_PR_SET_NO_NEW_PRIVS), 1, 0) }
        } else {
            // Later this process may not. So the filter must let it go on with what follows, as with runc and crun.
            try filter.load()
        }
        try Credentials.take(account, process.capabilities)
    }

    private func useStdio(_ account: Accounts) throws {
        let input = stdio.0 < 0 ? try Stdio.nothing() : stdio.0
        for (index, descriptor) in [input, stdio.1, stdio.2].enumerated() {
            // A program that opens /dev/stdout again must own the pipe; a device, like /dev/null, stays whose it is.
            if account.uid != 0, try ContainerRoot.type(of: descriptor) != S_IFCHR {
                fchown(descriptor, account.uid, account.gid)
            }
            try sys("set up standard stream \(index)") { dup2(descriptor, CInt(index)) }
        }
    }

    /// With a terminal, whose master is given, as what controls it.
    private func beginSession(_ master: CInt) throws {
        setsid()
        if master >= 0 { try sys("make it the controlling terminal") { linux_make_controlling(0) } }
    }

    /// `cwd`, made where it is missing; what it leads to must be inside the container (CVE-2024-21626).
    private func enterFolder() throws {
        let path = process.cwd.isEmpty ? "/" : process.cwd
        try step("working directory") {
            var made = ""
            for part in isFirst ? path.split(separator: "/") : [] {
                made += "/" + part
                if mkdir(made, 0o755) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES { break }
            }
            if chdir(path) != 0 {
                let reason = errno
                if reason == ENOTDIR { throw StepError("Cannot mkdir: \(path) is not a directory", exitCode: 127) }
                throw StepError(
                    "chdir to cwd (\"\(path)\") set in config.json failed: \(String(cString: strerror(reason)).lowercased())"
                )
            }
            var buffer = [CChar](repeating: 0, count: 8192)
            guard getcwd(&buffer, buffer.count) != nil, buffer[0] == CChar(UInt8(ascii: "/")) else {
                throw StepError("current working directory is outside of the container's root")
            }
        }
    }

    /// Keys of whoever started the daemon are not the container's. A host without keys has none to give.
    private func leaveKeyring() throws {
        if linux_new_session_keyring() >= 0 || errno == ENOSYS || errno == EPERM { return }
        throw SystemError("make a session keyring", .init(rawValue: errno))
    }

    /// Of this process and its children; false where this host's root may not.
    static func setScore(_ score: Int) -> Bool {
        let text = "\(score)"
        let file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        defer { if file >= 0 { close(file) } }
        // Nobody asked for 0: it is there to be none of the daemon's.
        return file >= 0 && write(file, text, text.utf8.count) >= 0 || score == 0
    }

    private func withHome(_ environment: [String], _ home: String) -> [String] {
        environment.contains { $0.hasPrefix("HOME=") } ? environment : environment + ["HOME=\(home)"]
    }
}
