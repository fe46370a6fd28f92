import CLinux
import Glibc
import Linux
import SystemPackage

/// One run of a plug-in: a program that reads its configuration and writes an answer.
///
/// It gets so many seconds, and may say so much: nothing that it does keeps the daemon waiting for ever, or eats its memory.
struct PluginProcess {
    enum End: Equatable {
        /// As waitpid(2) says.
        case ended(CInt)
        case slow, tooMuch
    }

    /// What it may answer.
    static let mostOutput = 1 << 20
    /// What is kept of its complaints.
    private static let mostErrors = 4096

    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []
    private(set) var end = End.slow

    /// `environment` is beside the daemon's own: plug-ins look for programs, too.
    init(_ program: FilePath, environment: [String], input: [UInt8], seconds: Int) throws {
        let given = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("input") })
        try sys("write a plug-in's input") { pwrite(given.rawValue, input, input.count, 0) }
        let (answersEnd, answersStart) = try Self.pipe()
        let answers = OwnedDescriptor(answersEnd)
        let answersIn = OwnedDescriptor(answersStart)
        let (complaintsEnd, complaintsStart) = try Self.pipe()
        let complaints = OwnedDescriptor(complaintsEnd)
        let complaintsIn = OwnedDescriptor(complaintsStart)
        let pid = try startProgram(
            program,
            [program.string],
            input: given.rawValue,
            descriptors: [answersIn.rawValue, complaintsIn.rawValue],
            environment: Self.environment(environment)
        )
        // Else nothing would ever be at its end.
        close(answersIn.release().rawValue)
        close(complaintsIn.release().rawValue)
        do {
            let handle = OwnedDescriptor(try sys("watch \(program)") { linux_pidfd_open(pid, 0) })
            end = try read(answers.rawValue, complaints.rawValue, until: handle.rawValue, seconds: seconds)
            try collect(pid, handle.rawValue)
        } catch {
            Self.abandon(pid)
            throw error
        }
    }

    /// Nobody will hear what it says: it goes with all that it has started, and leaves no zombie.
    private static func abandon(_ pid: pid_t) {
        kill(-pid, SIGKILL)
        if (try? OSThread { waitpid(pid, nil, 0) }.detach()) == nil { waitpid(pid, nil, WNOHANG) }
    }

    /// This process's variables, and these instead of those of the same names.
    private static func environment(_ own: [String]) -> [String] {
        var all: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if !text.hasPrefix("CNI_") { all.append(text) }
            next += 1
        }
        // A service's may be empty; plug-ins call iptables.
        if getenv("PATH") == nil { all.append("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") }
        return all + own
    }

    /// The end to read from, which never waits, and the one to write to.
    private static func pipe() throws -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { linux_pipe(&ends) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    /// Reads until the program has ended: what it has started may hold the pipes for longer.
    private mutating func read(_ answers: CInt, _ complaints: CInt, until handle: CInt, seconds: Int) throws -> End {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var watched = [answers, complaints, handle].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while true {
            let left = (deadline - .now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            guard milliseconds > 0 else { return .slow }
            try sys("wait for a plug-in") { poll(&watched, 3, CInt(min(milliseconds + 1, 60_000))) }
            let hasEnded = watched[2].revents != 0
            let isOpen = [drain(answers, into: \.output), drain(complaints, into: \.errors)]
            if output.count > Self.mostOutput { return .tooMuch }
            if errors.count > Self.mostErrors { errors.removeFirst(errors.count - Self.mostErrors) }
            if hasEnded { return .ended(0) }
            for place in 0..<2 where !isOpen[place] { watched[place].fd = -1 }
        }
    }

    /// Takes what is there; false at the end.
    private mutating func drain(_ pipe: CInt, into place: WritableKeyPath<Self, [UInt8]>) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        for _ in 0..<32 {
            let count = Glibc.read(pipe, &chunk, chunk.count)
            guard count > 0 else { return count < 0 }
            self[keyPath: place] += chunk[..<count]
        }
        return true
    }

    /// Ends it where it has not ended, with all that it has started, and takes its status.
    private mutating func collect(_ pid: pid_t, _ handle: CInt) throws {
        if end == .slow || end == .tooMuch {
            // It is in a session of its own.
            kill(-pid, SIGKILL)
            var ended = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
            try sys("wait for a plug-in") { poll(&ended, 1, 2000) }
        }
        var status: CInt = 0
        let collected = try sys("wait for a plug-in") { waitpid(pid, &status, WNOHANG) }
        // In the middle of a system call on what hangs it does not even die.
        if collected == 0 { try OSThread { waitpid(pid, nil, 0) }.detach() }
        if case .ended = end { end = .ended(status) }
    }
}
