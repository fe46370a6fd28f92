import ArgumentParser
import Glibc

/// What `run` and `create` ask for: Docker's flags.
struct RunOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Keep standard input open.") var interactive = false
    @Flag(name: .shortAndLong, help: "Give it a terminal.") var tty = false
    @Option(name: .shortAndLong, help: "Attach only: stdin, stdout, stderr.") var attach: [String] = []
    @Flag(name: .customLong("rm"), help: "Remove it when it has stopped.") var remove = false
    @Option(help: "Its name.") var name: String?
    @Option(
        name: .shortAndLong,
        parsing: .unconditionalSingleValue,
        help: "An environment variable: NAME=value, or NAME for the value it has here."
    )
    var env: [String] = []
    @Option(name: .customLong("env-file"), help: "A file of environment variables.") var envFile: [String] = []
    @Option(name: .shortAndLong, help: "The folder to start in.") var workdir: String?
    @Option(name: .shortAndLong, help: "The user: name or number[:group].") var user: String?
    @Option(name: [.customShort("h"), .long], help: "Its host name.") var hostname: String?
    @Option(help: "Its domain name.") var domainname: String?
    @Option(help: "The program to run instead of the image's entry point.") var entrypoint: String?
    @Option(name: .shortAndLong, help: "A folder of the host or a volume: /host:/container[:ro], name:/container.")
    var volume: [String] =
        []
    @Option(name: .customLong("volume-driver"), help: "The driver of its volumes.") var volumeDriver: String?
    @Option(name: .customLong("volumes-from"), help: "Another container's mounts: NAME[:ro].") var volumesFrom:
        [String] = []
    @Option(help: "type=bind|volume|tmpfs,source=…,target=…[,readonly]") var mount: [String] = []
    @Option(help: "A file system in memory: /path[:options].") var tmpfs: [String] = []
    @OptionGroup(title: "Network") var networking: NetworkOptions
    @Option(name: .customLong("cap-add"), help: "Add a capability.") var capAdd: [String] = []
    @Option(name: .customLong("cap-drop"), help: "Drop a capability.") var capDrop: [String] = []
    @Flag(help: "All capabilities, all devices.") var privileged = false
    @Flag(name: .customLong("read-only"), help: "A root file system that can't be written.") var readOnly = false
    @Option(help: "A limit: nofile=1024:2048.") var ulimit: [String] = []
    @Option(name: .shortAndLong, help: "A label: key=value.") var label: [String] = []
    @Option(name: .customLong("label-file"), help: "A file of labels, one a line.") var labelFile: [String] = []
    @Option(help: "A note for the OCI runtime: key=value.") var annotation: [String] = []
    @Option(name: .customLong("stop-signal"), help: "The signal that stops it.") var stopSignal: String?
    @Option(name: .customLong("stop-timeout"), parsing: .unconditional, help: "Seconds between that and SIGKILL.")
    var stopTimeout: Int?
    @Flag(help: "Run a small init that reaps processes.") var `init` = false
    @Flag(help: "Show the container its own limits in /proc, by the host's lxcfs.") var lxcfs = false
    @Option(help: "Fetch the image before: always, missing (the default), never.") var pull: String?
    @Flag(name: .shortAndLong, help: "Say nothing of fetching the image.") var quiet = false
    @Flag(
        name: .customLong("disable-content-trust"),
        inversion: .prefixedNo,
        help: .init("Taken for Docker's sake: signatures of images are not looked at.", visibility: .hidden)
    )
    var disableContentTrust = true
    @Option(help: "The platform.") var platform: String?
    @Option(help: "Write the container's ID to this file.") var cidfile: String?
    @Option(name: .customLong("shm-size"), help: "The size of /dev/shm: 64m.") var shmSize: String?
    @Option(name: .customLong("security-opt"), help: "A security option: no-new-privileges.") var securityOpt:
        [String] = []
    @Option(name: .customLong("group-add"), help: "A further group.") var groupAdd: [String] = []
    @Option(help: "A kernel parameter: name=value.") var sysctl: [String] = []
    @Option(help: "host, container:NAME or empty.") var pid: String?
    @Option(help: "host, private, shareable or container:NAME.") var ipc: String?
    @Option(help: "host or empty.") var uts: String?
    @Option(help: "host or empty.") var userns: String?
    @Option(help: "host or private.") var cgroupns: String?
    @Option(name: .customLong("cgroup-parent"), help: "The cgroup that its own is made in.") var cgroupParent: String?
    @Option(help: "The isolation technology: default.") var isolation: String?
    @Option(help: "no, always, unless-stopped, on-failure[:n].") var restart: String?
    @OptionGroup(title: "Limits") var resources: ResourceOptions
    @OptionGroup(title: "Devices and rarer limits") var devices: DeviceOptions
    @OptionGroup(title: "Health") var health: HealthOptions
    @Option(name: .customLong("storage-opt"), help: "An option of the storage driver: size=10G.") var storageOpt:
        [String] = []
    @Option(name: .customLong("log-driver"), help: "json-file, local or none.") var logDriver: String?
    @Option(name: .customLong("log-opt"), help: "An option of the log: max-size=10m.") var logOpt: [String] = []
    @Option(name: .customLong("runtime"), help: "The OCI runtime.") var runtime: String?
    @Argument(parsing: .captureForPassthrough, help: "The image, and the command to run in it.")
    var words: [String] = []

    /// The image and its command; without an image, or with a flag that does not exist, an error that says so.
    func imageAndCommand(_ verb: String) throws -> (String, [String]) {
        let words = self.words.first == "--" ? Array(self.words.dropFirst()) : self.words
        guard let image = words.first else {
            throw Failure(message: "varve \(verb): requires an image; see varve \(verb) --help", status: 125)
        }
        if image == "--help" { throw CleanExit.helpRequest(verb == "run" ? Run.self : Create.self) }
        guard !image.hasPrefix("-") else {
            throw Failure(message: "unknown flag: \(image); see varve \(verb) --help", status: 125)
        }
        return (image, Array(words.dropFirst()))
    }
}

/// Environment variables of files and flags, `NAME` alone resolved from our own environment.
func environment(files: [String], entries: [String]) throws -> [String] {
    let filed = try files.flatMap { path -> [String] in
        try lines(of: path).filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }
    return (filed + entries).map { entry in
        guard !entry.contains("="), let value = getenv(entry) else { return entry }
        return "\(entry)=\(String(cString: value))"
    }
}

/// A file's lines.
func lines(of path: String) throws -> [String] {
    let source: Source
    do { source = try Source(path: path, what: "run") } catch let failure as Failure {
        throw Failure(message: failure.message, status: 125)
    }
    var all: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    defer { buffer.deallocate() }
    while true {
        let count = try source.read(buffer)
        if count == 0 { break }
        all += buffer[..<count]
    }
    return String(decoding: all, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map { line in
        String(line.hasSuffix("\r") ? line.dropLast() : line)
    }
}
