import Cgroups
import FoundationEssentials
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// Reads and writes one of everything that a launch reads and writes: what a first use sets up, and the memory that it
/// touches, are then there.
enum WarmUp {
    /// The host's control groups: looked up once, for all monitors. Of huge pages no daemon asks anything.
    static let hierarchies = try? Hierarchies(countingHugePages: CommandLine.arguments.dropFirst().first != "zygote")

    /// Which namespaces the host has: monitors are in them, and containers where they share them.
    private static let namespaces = Dictionary(
        uniqueKeysWithValues: ["net", "ipc", "uts"].map { ($0, try? identity(of: $0)) }
    )

    /// Whether the calling process is in the host's namespace of that name; true where that can't be said.
    static func isOfHost(_ name: String) throws -> Bool {
        guard let host = namespaces[name] ?? nil else { return true }
        return try identity(of: name) == host
    }

    /// (man 7 namespaces: the same number is the same namespace)
    private static func identity(of name: String) throws -> UInt64 {
        var status = stat()
        try sys("look at the \(name) namespace") { stat("/proc/self/ns/\(name)", &status) }
        return UInt64(status.st_ino)
    }

    static func run() {
        let encoder = JSONEncoder()
        let decoder = JSONDecoder()
        func pass<T: Codable>(_ value: T) {
            // It is only for what it touches; a failure would show again in earnest.
            guard let data = try? encoder.encode(value) else { return }
            _ = try? decoder.decode(T.self, from: data)
        }
        let mount = RootMount(type: "overlay", source: "overlay", target: "", options: ["lowerdir=/a"], subfolder: "")
        var message = LaunchMessage(id: "id", folder: "/folder", rootFolder: nil, mounts: [mount])
        message.log = LogTarget(path: "/log")
        pass(message)
        let spec = Self.spec
        pass(spec)
        pass(Report())
        var reply = ControlReply(serial: nil)
        reply.exit = ExitRecord(exitCode: 0, finishedAt: Timestamp(seconds: 0, nanoseconds: 120))
        pass(reply)
        pass(reply.exit)
        pass(ControlRequest(.attach))
        rehearse(spec)
        lookAtHost()
    }

    /// The steps of a launch, of nothing that is there: none of them changes anything.
    private static func rehearse(_ spec: RuntimeSpec) {
        let nowhere = FilePath("/proc/self/nowhere")
        try? mountTree([Mount(type: "tmpfs", source: "none", target: "/a/../b", options: ["mode=755"])], at: nowhere)
        try? writeAtomically([], to: nowhere.appending("exit.json"), flush: false)
        for mount in spec.mounts ?? [] { _ = MountOptions(mount.options ?? []).data.joined(separator: ",") }
        _ = Devices.rules(spec)
        _ = try? Spawn.namespaces(of: spec)
        _ = try? Executable.find("sh", environment: spec.process?.env ?? [])
        _ = try? Accounts("", fallback: spec.process?.user, open: { open($0, O_RDONLY | O_CLOEXEC) })
        var told: [String] = []
        _ = Credentials.available(spec.process?.capabilities?.bounding ?? [], warnings: &told)
    }

    /// Looks the host's things up; not later than the first clone, since processes of a container are in other namespaces.
    static func lookAtHost() { _ = (hierarchies, namespaces, Labels.hasAppArmor, Labels.hasSELinux) }

    private static var spec: RuntimeSpec {
        var spec = RuntimeSpec()
        var process = RuntimeProcess(cwd: "/")
        process.args = ["true"]
        process.env = ["PATH=/bin"]
        process.capabilities = RuntimeCapabilities()
        process.capabilities?.bounding = ["CAP_CHOWN"]
        process.rlimits = [RuntimeRlimit(type: "RLIMIT_NOFILE", hard: 1024, soft: 1024)]
        spec.process = process
        spec.root = RuntimeRoot(path: "rootfs")
        var mount = RuntimeMount(destination: "/proc")
        mount.options = ["nosuid", "mode=755"]
        spec.mounts = [RuntimeMount](repeating: mount, count: 12)
        spec.annotations = ["a": "b"]
        spec.linux = RuntimeLinux()
        spec.linux?.namespaces = [RuntimeNamespace(type: "mount")]
        spec.linux?.sysctl = ["a": "b"]
        spec.linux?.resources = RuntimeResources()
        let rule = RuntimeDeviceRule(allow: true, type: "c", major: 1, minor: 3, access: "rwm")
        spec.linux?.resources?.devices = [RuntimeDeviceRule(allow: false), rule]
        spec.linux?.maskedPaths = [String](repeating: "/proc/kcore", count: 12)
        return spec
    }
}
