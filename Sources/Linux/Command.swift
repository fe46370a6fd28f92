import CLinux
import Glibc
public import SystemPackage

/// Programs of the host: those that make file systems, LVM's, aufs's.
public enum Command {
    /// A program that failed, with what it said.
    public struct Failure: Error, CustomStringConvertible {
        /// Its name and arguments.
        public let command: [String]
        /// As waitpid(2) says; nil: it took too long, and was killed.
        public let status: CInt?
        /// The last of what it said, on one line.
        public let output: String
        /// How long it was given.
        let seconds: CInt

        /// What failed, how, and what it said.
        public var description: String {
            let how =
                switch status {
                case nil: "did not end within \(seconds) seconds, and was killed"
                case let status? where status & 0x7f == 0: "failed with status \(status >> 8)"
                case let status?: "failed with signal \(status & 0x7f)"
                }
            return "\(command.joined(separator: " ")) \(how)" + (output.isEmpty ? "" : ": \(output)")
        }
    }

    /// Where a program is, by its name or its path: a daemon's `PATH` often lacks the folders of administration, or is not
    /// set.
    public static func find(_ program: String) -> FilePath? {
        if program.hasPrefix("/") { return access(program, X_OK) == 0 ? FilePath(program) : nil }
        let search = getenv("PATH").map { String(cString: $0) } ?? ""
        let usual = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        let folders = search.split(separator: ":").map(String.init) + usual
        return folders.lazy.map { FilePath($0).appending(program) }
            .first { $0.isAbsolute && access($0.string, X_OK) == 0 }
    }

    /// Runs a program to its end; gives the last of what it wrote to standard output.
    ///
    /// Its lines are joined by a separator. All that it says becomes part of the error if it fails; warnings of one that does not are lost. After so many `seconds`
    /// it is killed: one that waits for a device that hangs would hold up the daemon for ever.
    @discardableResult
    public static func run(
        _ command: [String],
        input: [UInt8] = [],
        mostOutput: Int = 2048,
        joining separator: String = "; ",
        seconds: CInt = 600
    ) throws -> String {
        guard let path = command.first.flatMap(find) else {
            throw SystemError("look for the program \(command.first ?? "")", .noSuchFileOrDirectory)
        }
        let output = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("output") })
        let errors = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("errors") })
        let given = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("input") })
        try sys("write a program's input") { pwrite(given.rawValue, input, input.count, 0) }
        let descriptors = [output.rawValue, errors.rawValue]
        let pid = try startProgram(
            path,
            command,
            input: given.rawValue,
            descriptors: descriptors,
            inheritsEnvironment: true
        )
        // One that has ended already needs none.
        try? OpenFiles.restoreLimit(of: pid)
        let status = try end(of: pid, path, within: seconds)
        let text = try read(output.rawValue, mostOutput, separator)
        guard status == 0 else {
            let said = try [text, read(errors.rawValue, mostOutput, "; ")]
                .filter { !$0.isEmpty }.joined(separator: "; ")
            throw Failure(command: command, status: status, output: said, seconds: seconds)
        }
        return text
    }

    /// Waits for its end; gives its status, or nil if it had to be killed.
    private static func end(of pid: pid_t, _ path: FilePath, within seconds: CInt) throws -> CInt? {
        let handle = OwnedDescriptor(try sys("watch \(path)") { linux_pidfd_open(pid, 0) })
        var ended = pollfd(fd: handle.rawValue, events: Int16(POLLIN), revents: 0)
        let isInTime = try sys("wait for \(path)") { poll(&ended, 1, seconds * 1000) } > 0
        if !isInTime { kill(pid, SIGKILL) }
        var status: CInt = 0
        // In the middle of a system call on a device that hangs it does not even die.
        let collected = try sys("wait for \(path)") { waitpid(pid, &status, isInTime ? 0 : WNOHANG) }
        if collected == 0 { try OSThread { waitpid(pid, nil, 0) }.detach() }
        return isInTime ? status : nil
    }

    /// The last of what came out: the reason is at the end.
    private static func read(_ output: CInt, _ most: Int, _ separator: String) throws -> String {
        let size = try sys("measure a program's output") { lseek(output, 0, SEEK_END) }
        var bytes = [UInt8](repeating: 0, count: most)
        let count = try sys("read a program's output") {
            pread(output, &bytes, bytes.count, max(0, size - off_t(most)))
        }
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.joined(separator: separator)
    }
}
