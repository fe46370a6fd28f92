import CLinux
import FoundationEssentials
import Glibc
import Linux
import OCI

/// Programs that are run at the steps of a container's life, with its state as their input (runtime-spec, `config.md`,
/// "POSIX-platform Hooks").
enum Hooks {
    /// Runs them one after the other; throws at the first one that fails, with what it said.
    static func run(_ hooks: [RuntimeHook]?, _ name: String, _ state: RuntimeState) throws {
        guard let hooks, !hooks.isEmpty else { return }
        let input = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("state") })
        let bytes = Array(try JSONEncoder().encode(state))
        try sys("write a hook's input") { pwrite(input.rawValue, bytes, bytes.count, 0) }
        for (number, hook) in hooks.enumerated() {
            // Read to its end by the one before.
            try sys("rewind a hook's input") { lseek(input.rawValue, 0, SEEK_SET) }
            do { try run(hook, input.rawValue) } catch {
                throw StepError("error running \(name) hook #\(number) (\(hook.path)): \(error)")
            }
        }
    }

    private static func run(_ hook: RuntimeHook, _ input: CInt) throws {
        let output = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("output") })
        let arguments = (hook.args?.isEmpty == false ? hook.args ?? [] : [hook.path]).map { strdup($0) } + [nil]
        let environment = (hook.env ?? []).map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        let pid = try sys("start it") {
            linux_spawn(hook.path, arguments, environment, nil, input, [output.rawValue, output.rawValue], 2)
        }
        let handle = OwnedDescriptor(try sys("watch it") { linux_pidfd_open(pid, 0) })
        var ended = pollfd(fd: handle.rawValue, events: Int16(POLLIN), revents: 0)
        let patience = hook.timeout.map { Int32(clamping: $0 * 1000) } ?? -1
        let isInTime = try sys("wait for it") { poll(&ended, 1, patience) } > 0
        if !isInTime { kill(pid, SIGKILL) }
        var status: CInt = 0
        try sys("wait for it") { waitpid(pid, &status, 0) }
        if !isInTime { throw StepError("it took longer than \(hook.timeout ?? 0) s and was killed") }
        guard status != 0 else { return }
        let how = status & 0x7f == 0 ? "exit status \(status >> 8)" : "signal \(status & 0x7f)"
        throw StepError("\(how), stdout and stderr: \(try text(output.rawValue))")
    }

    private static func text(_ output: CInt) throws -> String {
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = try sys("read what a hook said") { pread(output, &bytes, bytes.count, 0) }
        return String(decoding: bytes[..<count], as: UTF8.self).trimmingCharacters()
    }
}

extension String {
    /// `self` without the line's end.
    fileprivate func trimmingCharacters() -> String {
        var text = self
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}

extension RuntimeState {
    /// The same container at another moment.
    func at(_ status: Status, pid: Int32) -> Self {
        var state = self
        (state.status, state.pid) = (status, pid)
        return state
    }
}
