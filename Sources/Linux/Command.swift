import CLinux
import Glibc
public import SystemPackage

/// Programs of the host: those that make file systems, LVM's, aufs's.
public enum Command {
    /// A program that failed, with what it said.
    public struct Failure: Error, CustomStringConvertible {
        /// Its name and arguments.
        public let command: [String]
        /// As waitpid(2) says.
        public let status: CInt
        /// The last of what it said, on one line.
        public let output: String

        /// What failed, how, and what it said.
        public var description: String {
            let how = status & 0x7f == 0 ? "status \(status >> 8)" : "signal \(status & 0x7f)"
            return "\(command.joined(separator: " ")) failed with \(how)" + (output.isEmpty ? "" : ": \(output)")
        }
    }

    /// Where a program is: a daemon's `PATH` often lacks the folders of administration.
    public static func find(_ program: String) -> FilePath? {
        let search = getenv("PATH").map { String(cString: $0) } ?? ""
        let folders = search.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"]
        return folders.lazy.map { FilePath($0).appending(program) }.first { access($0.string, X_OK) == 0 }
    }

    /// Runs a program to its end, without input; gives the last of what it wrote to standard output.
    ///
    /// All that it says becomes part of the error if it fails; warnings of one that does not are lost.
    @discardableResult
    public static func run(_ command: [String]) throws -> String {
        guard let path = command.first.flatMap(find) else {
            throw SystemError("look for the program \(command.first ?? "")", .noSuchFileOrDirectory)
        }
        let output = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("output") })
        let errors = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("errors") })
        let pid = try start(path, command, writingTo: output.rawValue, errors.rawValue)
        var status: CInt = 0
        try sys("wait for \(path)") { waitpid(pid, &status, 0) }
        let text = try read(output.rawValue)
        guard status == 0 else {
            let all = try [text, read(errors.rawValue)].filter { !$0.isEmpty }.joined(separator: "; ")
            throw Failure(command: command, status: status, output: all)
        }
        return text
    }

    private static func start(
        _ path: FilePath,
        _ command: [String],
        writingTo output: CInt,
        _ errors: CInt
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, path.string, &actions, nil, &arguments, environ)
        guard result == 0 else { throw SystemError("start \(path)", Errno(rawValue: result)) }
        return pid
    }

    /// The last 2 KiB of what came out: the reason is at the end.
    private static func read(_ output: CInt) throws -> String {
        let size = try sys("measure a program's output") { lseek(output, 0, SEEK_END) }
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = try sys("read a program's output") { pread(output, &bytes, bytes.count, max(0, size - 2048)) }
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.joined(separator: "; ")
    }
}
