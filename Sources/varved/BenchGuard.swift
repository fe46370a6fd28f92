import ArgumentParser
import CLinux
import Glibc
import Linux
import SystemPackage

/// The process that waits for the one that measures.
enum BenchGuard {
    /// The descriptor by which the worker sees whether its guard lives: nothing is ever written to its other end.
    static let lifeline: CInt = 3

    /// Starts the worker with the same words, hands on signals, and gives its exit status.
    ///
    /// Afterwards this process can start programs again, which clean up.
    static func run(_ words: [String]) throws -> Int32 {
        let signals = try Signals([SIGINT, SIGTERM, SIGHUP, SIGCHLD])
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { pipe(&ends) }
        let shown = OwnedDescriptor(ends[0])
        let kept = OwnedDescriptor(ends[1])
        for end in ends { try sys("keep the pipe to itself") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        let pid = try start(words, lifeline: shown.rawValue)
        defer { _ = kept.rawValue }  // it lives so long
        return wait(for: pid, signals)
    }

    /// The worker is the first of a PID namespace. When that has ended nobody can be started in it any more: what this
    /// process starts later is to be in its own again.
    private static func start(_ words: [String], lifeline: CInt) throws -> pid_t {
        let own = OwnedDescriptor(
            try sys("open its own PID namespace") { open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC) }
        )
        try sys("make a PID namespace") { linux_unshare(CInt(LINUX_NEWPID)) }
        let pid = try startProgram(
            "/proc/self/exe",
            ["varved", "driver", "bench", BenchWorker.configuration.commandName ?? ""] + words,
            descriptors: [1, 2, lifeline],
            inheritsEnvironment: true
        )
        try sys("go back to its own PID namespace") { linux_setns(own.rawValue, CInt(LINUX_NEWPID)) }
        return pid
    }

    private static func wait(for pid: pid_t, _ signals: Signals) -> Int32 {
        var asked = 0
        while true {
            var ready = pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&ready, 1, 1000)
            var isTold = false
            while let signal = signals.next() { if signal != SIGCHLD { isTold = true } }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid { return exitStatus(status) }
            guard isTold else { continue }
            asked += 1
            // The second time it is not asked: with it all that it started ends.
            kill(pid, asked > 1 ? SIGKILL : SIGTERM)
        }
    }

    private static func exitStatus(_ status: Int32) -> Int32 {
        status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    /// In the worker: whether the guard was there when its end began to be told, by a signal. Where it had gone before,
    /// no signal comes; its number tells nothing in here, where it is 0 either way.
    static var isGone: Bool {
        var end = pollfd(fd: lifeline, events: 0, revents: 0)
        return poll(&end, 1, 0) > 0 && end.revents & Int16(POLLHUP) != 0
    }
}
