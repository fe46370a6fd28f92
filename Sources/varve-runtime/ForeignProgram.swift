import CLinux
import FoundationEssentials
import Glibc
import Linux
import RuntimeProtocol
import SystemPackage

/// The program of somebody else's runtime: runs its commands, and tells why one failed.
struct ForeignProgram {
    let command: RuntimeCommand
    /// The container's, where the runtime keeps its state and writes its log.
    let folder: String

    /// What it is called in errors.
    var name: String { FilePath(command.program).lastComponent?.string ?? command.program }

    /// A command that needs longer hangs: it is killed. The monitor does nothing else meanwhile.
    private static func seconds(for verb: String) -> CInt { ["create", "start"].contains(verb) ? 120 : 20 }
    private static let log = "runtime.log"

    /// Runs one of its commands to the end, with these streams; `prepare` is called before, in the new process.
    ///
    /// Returns the warnings of `prepare`.
    @discardableResult
    func run(
        _ words: [String],
        _ stdio: Stdio? = nil,
        clone flags: UInt64 = 0,
        prepare: () throws -> [String] = { [] }
    ) throws -> [String] {
        unlink(Self.log)
        let errors = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("errors") })
        var streams = [-1, -1, errors.rawValue]
        if let stdio, stdio.output >= 0 { streams = [stdio.inside.0, stdio.inside.1, stdio.inside.2] }
        let (pid, reports) = try start(words, streams, flags, prepare)
        let socket = OwnedDescriptor(reports)
        var (warnings, error): ([String], StepError?) = ([], nil)
        while let (report, _) = try Report.receive(from: socket.rawValue) {
            warnings += report.warnings
            if let text = report.error { error = StepError(text, exitCode: report.exitCode ?? 128) }
        }
        let status = try end(of: pid, within: Self.seconds(for: words[0]))
        if let error { throw error }
        if status == 0 { return warnings }
        throw failure(words[0], status, stdio.map { $0.error < 0 ? errors.rawValue : $0.error } ?? errors.rawValue)
    }

    /// Clones the process; returns it, and the socket on which it reports.
    private func start(
        _ words: [String],
        _ streams: [CInt],
        _ flags: UInt64,
        _ prepare: () throws -> [String]
    ) throws -> (pid: Int32, socket: CInt) {
        var ends: [CInt] = [-1, -1]
        try sys("make a socket pair") {
            socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        let pid = linux_clone(flags, -1)
        if pid == 0 {
            close(ends[0])
            become(words, streams, ends[1], prepare)
        }
        let refusal = Errno(rawValue: errno)
        close(ends[1])
        guard pid > 0 else {
            close(ends[0])
            throw SystemError("clone", refusal)
        }
        return (pid, ends[0])
    }

    /// Never returns, and never throws into the monitor's code.
    private func become(
        _ words: [String],
        _ streams: [CInt],
        _ socket: CInt,
        _ prepare: () throws -> [String]
    ) -> Never {
        var report = Report()
        do {
            setsid()
            try sys("die with the monitor") { linux_prctl(CInt(LINUX_PR_SET_PDEATHSIG), 9, 0) }
            report.warnings = try prepare()
            if !report.warnings.isEmpty { try report.send(to: socket) }
            try closeAll(but: socket, and: streams.filter { $0 >= 0 })
            // To the first process of a container runtimes give its own null device instead.
            let null = try sys("open /dev/null") { open("/dev/null", O_RDWR | O_CLOEXEC) }
            for (number, stream) in streams.enumerated() {
                try sys("set up stream \(number)") { dup2(stream < 0 ? null : stream, CInt(number)) }
            }
            try sys("close what is the monitor's") { linux_cloexec_from(3) }
            umask(0o022)
            linux_reset_signals()
            let options = ["--root", folder + "/runtime", "--log", folder + "/" + Self.log, "--log-format", "json"]
            let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
            try Executable.run(
                command.program,
                [command.program] + command.arguments + options + words,
                ["PATH=\(path)"]
            )
        } catch {
            report.error = "\(error)"
            // What Docker's codes tell is about the container's program, not about this one.
            report.exitCode = 128
            try? report.send(to: socket)
            _exit(1)
        }
    }

    // MARK: Its end

    /// As waitpid(2) says; nil: it had to be killed.
    private func end(of pid: Int32, within seconds: CInt) throws -> CInt? {
        let handle = OwnedDescriptor(linux_pidfd_open(pid, 0))
        var ended = pollfd(fd: handle.rawValue, events: Int16(POLLIN), revents: 0)
        let isInTime = handle.rawValue >= 0 && poll(&ended, 1, seconds * 1000) > 0
        // It is in a session of its own.
        if !isInTime { kill(-pid, SIGKILL) }
        var status: CInt = 0
        try sys("wait for \(name)") { waitpid(pid, &status, 0) }
        return isInTime ? status : nil
    }

    private func failure(_ verb: String, _ status: CInt?, _ errors: CInt) -> StepError {
        guard let status else {
            return StepError("\(name) \(verb) did not end within \(Self.seconds(for: verb)) seconds")
        }
        let how = status & 0x7f == 0 ? "ended with status \(status >> 8)" : "was killed by signal \(status & 0x7f)"
        let reason = logged() ?? said(errors) ?? "\(name) \(verb) \(how)"
        return ForeignFailure.error(verb, reason)
    }

    /// The last error in its log, as containerd reads it.
    private func logged() -> String? {
        struct Entry: Decodable { var level: String?, msg: String? }
        guard let bytes = try? readFile(FilePath(Self.log), limit: 1 << 20) else { return nil }
        let entries = bytes.split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSONDecoder().decode(Entry.self, from: Data($0))
        }
        return entries.last { ["error", "fatal", "panic"].contains($0.level) && $0.msg ?? "" != "" }?.msg
    }

    /// The last that it wrote to standard error, a file or the monitor's end of a pipe.
    private func said(_ descriptor: CInt) -> String? {
        var bytes = [UInt8](repeating: 0, count: 2048)
        let atStart = pread(descriptor, &bytes, bytes.count, 0)
        let count = atStart < 0 ? read(descriptor, &bytes, bytes.count) : atStart
        let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.isEmpty ? nil : lines.joined(separator: "; ")
    }
}

/// What went wrong, in dockerd's words, and with its exit codes: it reads them from the same text.
enum ForeignFailure {
    static func error(_ verb: String, _ reason: String) -> StepError {
        var reason = reason
        for prefix in ["exec failed: ", "unable to start container process: "] where verb == "exec" {
            // The daemon says so itself.
            if reason.hasPrefix(prefix) { reason.removeFirst(prefix.count) }
        }
        // Clients take their own exit status from these words, as Go writes them.
        for words in ["No such file or directory", "Permission denied", "Is a directory", "Not a directory"] {
            reason = reason.replacing(words, with: words.lowercased())
        }
        return StepError(verb == "exec" ? reason : "OCI runtime \(verb) failed: \(reason)", exitCode: code(reason))
    }

    private static func code(_ reason: String) -> Int {
        let text = reason.lowercased()
        let isOfProgram = text.contains("exec") && !text.contains("mount")
        if isOfProgram, text.contains("not found") || text.contains("no such file or directory") { return 127 }
        if text.contains("not a directory") { return 127 }
        if text.contains("permission denied") || text.contains("is a directory") { return 126 }
        return 128
    }
}
