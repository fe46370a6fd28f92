import FoundationEssentials
import Glibc
import Launcher
import Linux
import Logging
import OCI
import RuntimeProtocol
import SystemPackage
import Testing

/// A container of busybox in a folder of its own, and the launcher that starts it.
final class Bundle {
    let folder: FilePath
    let id = "0123456789abcdef"
    private(set) var launcher: Launcher
    var spec = RuntimeSpec()
    var openStdin = false
    var log: FilePath { folder.appending("container.log") }
    private let program: FilePath

    init(_ arguments: [String]) throws {
        folder = try AtomicFolder(in: "/tmp", prefix: "varve-launcher-").path
        program = try Self.builtProgram()
        launcher = try Launcher(execRoot: folder.appending("exec"), runtime: program, log: Logger(label: "test"))
        spec = Self.plainSpec(arguments)
        try makeTree()
    }

    deinit { try? removeTree(folder) }

    /// `varve-runtime` of the build that this test belongs to.
    private static func builtProgram() throws -> FilePath {
        let own = try #require(try? FilePath(FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")))
        return own.removingLastComponent().appending("varve-runtime")
    }

    private func makeTree() throws {
        let root = folder.appending("tree")
        for path in ["bin", "etc", "proc", "dev", "sys", "tmp"] {
            try makeFolders(root.appending(path), mode: FilePermissions(rawValue: 0o755))
        }
        // Not by this process: a copy of it that another test kills would have the program open for writing.
        try Command.run(["cp", "/bin/busybox", root.appending("bin/busybox").string])
        for name in ["sh", "cat", "echo", "true", "id", "tty", "stty", "sleep", "hostname", "ip", "mount"] {
            try sys("link \(name)") { symlink("busybox", root.appending("bin/\(name)").string) }
        }
        let users = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n"
        try writeFile(Array(users.utf8), to: root.appending("etc/passwd"), mode: FilePermissions(rawValue: 0o644))
        let groups = "root:x:0:\nada:x:1000:\nstaff:x:50:ada\n"
        try writeFile(Array(groups.utf8), to: root.appending("etc/group"), mode: FilePermissions(rawValue: 0o644))
    }

    private static func plainSpec(_ arguments: [String]) -> RuntimeSpec {
        var spec = RuntimeSpec()
        var process = RuntimeProcess(cwd: "/")
        process.args = arguments
        process.env = ["PATH=/bin"]
        spec.process = process
        spec.hostname = "box"
        spec.mounts = [("/proc", "proc"), ("/dev", "tmpfs"), ("/dev/pts", "devpts")].map { destination, type in
            var mount = RuntimeMount(destination: destination)
            mount.type = type
            mount.source = type
            mount.options = type == "devpts" ? ["newinstance", "ptmxmode=0666", "mode=0620"] : []
            return mount
        }
        spec.linux = RuntimeLinux()
        spec.linux?.namespaces = ["mount", "network", "pid", "uts", "ipc", "cgroup"].map { RuntimeNamespace(type: $0) }
        return spec
    }

    /// Writes the bundle and launches it; the process waits for `start`.
    func launch() async throws -> Monitor {
        let bundle = folder.appending("exec").appending(id)
        try makeFolders(bundle, mode: FilePermissions(rawValue: 0o711))
        try writeFile(
            Array(try JSONEncoder().encode(spec)),
            to: bundle.appending("config.json"),
            mode: [.ownerReadWrite]
        )
        return try await launcher.launch(
            LaunchRequest(
                id: id,
                bundle: bundle,
                rootfs: .folder(folder.appending("tree")),
                openStdin: openStdin,
                stdinOnce: true,
                log: LogTarget(path: log.string)
            )
        )
    }

    /// Launches, attaches, starts; returns what the container said and how it ended.
    func run() async throws -> (output: [UInt8], exitCode: Int) {
        let monitor = try await launch()
        let stream = try await monitor.attach(process: nil, stdin: false, stdout: true, stderr: true)
        try await monitor.start()
        let output = try readAll(stream)
        return (output, await monitor.exited().exitCode)
    }

    /// As a daemon that was killed would do it: everything of this side goes away.
    func restartLauncher() throws {
        launcher = try Launcher(execRoot: folder.appending("exec"), runtime: program, log: Logger(label: "test"))
    }
}

/// Everything until the end of the stream; closes it.
func readAll(_ stream: FileDescriptor) throws -> [UInt8] {
    defer { try? stream.close() }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = try buffer.withUnsafeMutableBytes { try stream.read(into: $0) }
        if count == 0 { return all }
        all += buffer[..<count]
    }
}

/// The texts of the frames of one stream (1: output, 2: error).
func texts(_ frames: [UInt8], of stream: UInt8) -> String {
    var bytes = frames[...]
    var found: [UInt8] = []
    while bytes.count >= 8 {
        let header = Array(bytes.prefix(8))
        let count = header[4...].reduce(0) { $0 << 8 | Int($1) }
        if header[0] == stream { found += bytes.dropFirst(8).prefix(count) }
        bytes = bytes.dropFirst(8 + count)
    }
    return String(decoding: found, as: UTF8.self)
}
