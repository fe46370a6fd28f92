import CLinux
import Glibc
import Linux
import Synchronization
package import SystemPackage

/// A plug-in that Varve starts itself, starts again when it ends, and ends at its own end, however that comes.
package final class PluginProgram: Sendable {
    private struct State {
        var process: pid_t?
        /// How the first start went.
        var first: Result<Void, SystemError>?
        var hasStarted = false
        var isEnding = false
        var hasEnded = false
    }

    private let words: [String]
    private let log: @Sendable (String) -> Void
    private let state = Waitable(State())

    /// Starts `command`, words with blanks between them, in which `{socket}` stands for where it is to listen.
    ///
    /// `confine` are the words that start a program with no more rights than a driver needs: see `confine`.
    package init(
        _ command: String,
        socket: FilePath,
        confine: [String],
        log: @escaping @Sendable (String) -> Void
    ) throws {
        let own = command.split(separator: " ").map { String($0).replacing("{socket}", with: socket.string) }
        words = confine + ["\(getpid())"] + own
        self.log = log
        try makeFolders(socket.removingLastComponent(), mode: FilePermissions(rawValue: 0o755))
        try OSThread { self.supervise() }.detach()
        // Starting takes as long as the kernel needs to copy a process.
        try state.wait(milliseconds: 60_000) { $0.first }?.get()
    }

    /// All starts are made on one thread, which lives on: the kernel ends the program with the thread that started it.
    private func supervise() {
        defer { state.withLock { $0.hasEnded = true } }
        var pause = 1
        while true {
            let began = ContinuousClock.now
            let news: String
            do throws(SystemError) {
                guard let process = try start() else { return }
                news = "ended (status \(collect(process)))"
            } catch {
                if state.withLock({ !$0.hasStarted }) { return log("the storage plug-in can't be started: \(error)") }
                news = "can't be started: \(error)"
            }
            pause = ContinuousClock.now - began > .seconds(60) ? 1 : min(pause * 2, 30)
            if state.withLock({ $0.isEnding }) { return }
            log("the storage plug-in \(news); it is started again in \(pause) s")
            if state.wait(milliseconds: pause * 1000, { $0.isEnding ? true : nil }) != nil { return }
        }
    }

    /// Waits for its end, and forgets its number before the kernel may give that to another.
    private func collect(_ process: pid_t) -> CInt {
        var (news, status) = (siginfo_t(), CInt(0))
        _ = try? sys("wait for the plug-in") { waitid(P_PID, id_t(process), &news, WEXITED | WNOWAIT) }
        state.withLock { $0.process = nil }
        _ = try? sys("collect the plug-in") { waitpid(process, &status, 0) }  // it is ours
        return status
    }

    /// Nil where it is not to be started any more: who ends it finds either the process, or that there is none to come.
    private func start() throws(SystemError) -> pid_t? {
        let outcome = state.withLock { state -> Result<pid_t?, SystemError> in
            if state.isEnding { return .success(nil) }
            let started = Result { () throws(SystemError) -> pid_t? in
                try startProgram(FilePath(words[0]), words, descriptors: [2, 2], inheritsEnvironment: true)
            }
            if case .success(let process) = started { (state.process, state.hasStarted) = (process, true) }
            if state.first == nil { state.first = started.map { _ in } }
            return started
        }
        return try outcome.get()
    }

    /// Asks it to end, kills it after ten seconds, and returns when it is gone.
    package func end() {
        state.withLock { state in
            state.isEnding = true
            if let process = state.process { kill(process, SIGTERM) }
        }
        if state.wait(milliseconds: 10_000, { $0.hasEnded ? true : nil }) != nil { return }
        // Under the lock, the number is still its own: `collect` has not taken note of its end.
        state.withLock { if let process = $0.process { kill(process, SIGKILL) } }
        _ = state.wait(milliseconds: 10_000) { $0.hasEnded ? true : nil }
    }

    /// What a driver needs: to mount, to own and change any file, to make devices, to set labels, limits and attributes, and
    /// to shut itself into a layer before it touches what others wrote.
    ///
    /// Linux's numbers: CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, LINUX_IMMUTABLE, SYS_CHROOT, SYS_ADMIN, MKNOD,
    /// SETFCAP.
    private static let kept: Set<UInt> = [0, 1, 2, 3, 4, 9, 18, 21, 27, 31]

    /// Becomes the program that follows `parent` in `words`, which then has no more rights than that, whatever it starts
    /// itself, and is killed when the process `parent` ends, even if that is killed.
    package static func confine(_ words: [String]) throws -> Never {
        guard words.count > 1, let parent = pid_t(words[0]), let program = Command.find(words[1]) else {
            throw SystemError("look for the program \(words.dropFirst().first ?? "")", .noSuchFileOrDirectory)
        }
        try sys("be ended with process \(parent)") { linux_prctl(CInt(LINUX_PR_SET_PDEATHSIG), UInt(SIGKILL), 0) }
        // It may have ended before that.
        guard getppid() == parent else { throw SystemError("be started by process \(parent)", .noSuchProcess) }
        for capability in UInt(0)..<64 where !kept.contains(capability) {
            // Past the last one that this kernel has, there is nothing to drop.
            guard linux_prctl(CInt(LINUX_PR_CAPBSET_READ), capability, 0) >= 0 else { break }
            try sys("drop capability \(capability)") { linux_prctl(CInt(LINUX_PR_CAPBSET_DROP), capability, 0) }
        }
        try sys("set no_new_privs") { linux_prctl(CInt(LINUX_PR_SET_NO_NEW_PRIVS), 1, 0) }
        var strings: [UnsafeMutablePointer<CChar>?] = words.dropFirst().map { strdup($0) } + [nil]
        try sys("become \(program)") { execv(program.string, &strings) }
        fatalError("execv came back without an error")
    }
}
