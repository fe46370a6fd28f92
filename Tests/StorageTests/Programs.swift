import Glibc
import Linux
import SystemPackage

// Other programs, as the other side.

/// The first folder of the usual ones that has a program of this name; nil if none has.
func program(_ name: String) -> String? {
    ["/usr/bin", "/usr/sbin", "/bin", "/usr/local/bin"].map { "\($0)/\(name)" }.first { exists(FilePath($0)) }
}

/// Runs a command of absolute path, and returns its exit status.
func run(_ command: [String]) throws -> CInt {
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid = pid_t()
    let result = posix_spawn(&pid, command[0], nil, nil, &arguments, environ)
    guard result == 0 else { throw SystemError("start \(command[0])", Errno(rawValue: result)) }
    var status: CInt = 0
    try sys("wait for \(command[0])") { waitpid(pid, &status, 0) }
    return status
}

/// Runs a line of shell, and returns what it printed; throws if it failed.
func shell(_ line: String) throws -> String {
    guard let pipe = popen(line, "r") else { throw SystemError("run \(line)", .noMemory) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { bytes += buffer[..<count] }
    let status = pclose(pipe)
    guard status == 0 else { throw SystemError("run \(line): status \(status)", .invalidArgument) }
    return String(decoding: bytes, as: UTF8.self)
}

/// What `tool` (`gzip -1`) makes of the bytes.
func packed(_ bytes: [UInt8], _ tool: String) throws -> [UInt8] {
    let root = try TestRoot()
    let (from, to) = (root.path.appending("from"), root.path.appending("to"))
    try writeFile(bytes, to: from, mode: .ownerReadWrite)
    _ = try shell("\(tool) < \(from) > \(to)")
    return try readFile(to, limit: 1 << 30)
}
