import Glibc
import Linux
import SystemPackage

/// The file that tells the daemon's process ID while it runs.
struct PIDFile {
    let path: FilePath

    /// Throws where the process it names is alive.
    init(_ path: FilePath) throws {
        self.path = path
        if let bytes = try? readFile(path, limit: 64) {
            let text = String(decoding: bytes, as: UTF8.self).filter(\.isNumber)
            if let pid = pid_t(text), pid != getpid(), kill(pid, 0) == 0 {
                throw StartFailure("process with PID \(pid) is still running; stop it, or remove \(path)")
            }
        }
        do {
            try makeFolders(path.removingLastComponent(), mode: FilePermissions(rawValue: 0o755))
            try writeFile(Array("\(getpid())\n".utf8), to: path, mode: FilePermissions(rawValue: 0o644))
        } catch { throw StartFailure("can't write the pidfile \(path): \(error)") }
    }

    func remove() { unlink(path.string) }
}
