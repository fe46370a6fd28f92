import CLinux
import Glibc
import Linux
import OCI
import RuntimeProtocol

/// The last steps of a container's process and of an exec alike, from the moment the tree is `/`.
///
/// The order: the terminal while we may still open devices; the folder and the program's path as the user who will use
/// them sees them; limits and OOM score before capabilities go; descriptors before the seccomp filter, which may forbid to
/// close them; ids and capabilities; signals, which must be right from the first instruction of the program; then the
/// report, and after the go the program.
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

    func run() throws -> Never {
        var warnings: [String] = []
        let master = process.terminal == true ? try Terminal.open(size: process.consoleSize, console: isFirst) : -1
        let account: Accounts
        do throws(AccountError) {
            account = try Accounts(userName ?? "", adding: groups, fallback: process.user, isExact: userName == nil) {
                open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
            }
        } catch { throw StepError(error.description) }
        if master < 0 { try useStdio(account) }
        try enterFolder()
        if let score = process.oomScoreAdj { setScore(score, &warnings) }
        try Limits.set(process.rlimits ?? [], warnings: &warnings)
        _ = Credentials.available(process.capabilities?.bounding ?? [], warnings: &warnings)
        umask(mode_t(process.user?.umask ?? 0o022))
        // Before the filter: profiles of old know no close_range. What is opened from here on is marked by itself.
        try sys("close what the program must not have") { linux_cloexec_from(3 + handover.preserved) }
        try Labels.set(process)
        if let personality { try Personality.set(personality) }
        try giveUpRights(account)
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
        // Changing ids clears it, so it is set after that: the process ends with its monitor.
        if handover.diesWithStarter {
            try sys("die with the monitor") { linux_prctl(CInt(LINUX_PR_SET_PDEATHSIG), 9, 0) }
        }
    }

    private func useStdio(_ account: Accounts) throws {
        for (index, descriptor) in [stdio.0, stdio.1, stdio.2].enumerated() {
            // A program that opens /dev/stdout again must own the pipe; a device, like /dev/null, stays the host's.
            if account.uid != 0, try ContainerRoot.type(of: descriptor) != S_IFCHR {
                fchown(descriptor, account.uid, account.gid)
            }
            try sys("set up standard stream \(index)") { dup2(descriptor, CInt(index)) }
        }
        setsid()
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

    private func setScore(_ score: Int, _ warnings: inout [String]) {
        let text = "\(score)"
        let file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)
        defer { if file >= 0 { close(file) } }
        // Nobody asked for 0: it is there to be none of the daemon's.
        if file < 0 || write(file, text, text.utf8.count) < 0, score != 0 {
            warnings.append("oom_score_adj \(score) is not this host's to give")
        }
    }

    private func withHome(_ environment: [String], _ home: String) -> [String] {
        environment.contains { $0.hasPrefix("HOME=") } ? environment : environment + ["HOME=\(home)"]
    }
}
