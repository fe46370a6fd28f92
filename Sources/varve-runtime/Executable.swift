import Glibc
import Linux

/// Finds the program that a process shall run, in Docker's words where it can't.
enum Executable {
    /// `name` itself where it has a `/`, else the first match in `PATH` of `environment`.
    static func find(_ name: String, environment: [String]) throws -> String {
        if name.isEmpty { throw StepError("exec: \"\": executable file not found in $PATH", exitCode: 127) }
        if name.contains("/") {
            try check(name)
            return name
        }
        let path = environment.last { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) } ?? "/usr/bin:/bin"
        var denied: StepError?
        for folder in path.split(separator: ":", omittingEmptySubsequences: false) {
            let candidate = (folder.isEmpty ? "." : String(folder)) + "/" + name
            do {
                try check(candidate)
                return candidate
            } catch let error as StepError where error.exitCode == 126 { denied = error } catch {}
        }
        if let denied { throw denied }
        throw StepError("exec: \"\(name)\": executable file not found in $PATH", exitCode: 127)
    }

    private static func check(_ path: String) throws {
        var status = stat()
        if stat(path, &status) != 0 {
            let reason = errno
            if reason == EACCES { throw StepError("exec: \"\(path)\": permission denied", exitCode: 126) }
            throw StepError("exec: \"\(path)\": stat \(path): no such file or directory", exitCode: 127)
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw StepError("exec: \"\(path)\": is a directory", exitCode: 126) }
        if access(path, X_OK) != 0 || status.st_mode & 0o111 == 0 {
            throw StepError("exec: \"\(path)\": permission denied", exitCode: 126)
        }
    }

    /// Replaces this process; returns only by throwing.
    static func run(_ path: String, _ arguments: [String], _ environment: [String]) throws -> Never {
        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        execve(path, argv, envp)
        let reason = errno
        let text = String(cString: strerror(reason)).lowercased()
        throw StepError("exec \(path): \(text)", exitCode: reason == ENOENT ? 127 : 126)
    }
}
