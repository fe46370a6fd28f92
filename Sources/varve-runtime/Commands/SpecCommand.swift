import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// `spec`: a `config.json` to begin with, for a shell in a tree that can't be written to.
enum SpecCommand {
    static func run(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let options = try Options(words, [.value("bundle", "b"), .flag("rootless")])
        if options.has("rootless") { throw UsageError("spec --rootless is not there: it needs user namespaces") }
        let path = absolute(options.value("bundle") ?? ".").appending("config.json")
        guard !exists(path) else { throw StepError("\(path) exists; take it away first") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(standard)) + [UInt8(ascii: "\n")]
        try writeAtomically(bytes, to: path, mode: FilePermissions(rawValue: 0o666), flush: false)
        return 0
    }

    static var standard: RuntimeSpec {
        var spec = RuntimeSpec()
        spec.process = process
        spec.root = RuntimeRoot(path: "rootfs")
        spec.root?.readonly = true
        spec.hostname = "varve"
        spec.mounts = mounts
        spec.linux = RuntimeLinux()
        spec.linux?.namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"].map { RuntimeNamespace(type: $0) }
        spec.linux?.resources = RuntimeResources()
        spec.linux?.resources?.devices = [RuntimeDeviceRule(allow: false, access: "rwm")]
        spec.linux?.maskedPaths = [
            "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
            "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
        ]
        spec.linux?.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        return spec
    }

    private static var process: RuntimeProcess {
        var process = RuntimeProcess(cwd: "/")
        process.terminal = true
        process.user = RuntimeUser()
        process.args = ["sh"]
        process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"]
        var sets = RuntimeCapabilities()
        let names = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
        (sets.bounding, sets.effective, sets.permitted) = (names, names, names)
        process.capabilities = sets
        process.rlimits = [RuntimeRlimit(type: "RLIMIT_NOFILE", hard: 1024, soft: 1024)]
        process.noNewPrivileges = true
        return process
    }

    private static var mounts: [RuntimeMount] {
        let dev = ["nosuid", "strictatime", "mode=755", "size=65536k"]
        let pts = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]
        let closed = ["nosuid", "noexec", "nodev"]
        let all: [(String, String, String, [String]?)] = [
            ("/proc", "proc", "proc", nil), ("/dev", "tmpfs", "tmpfs", dev), ("/dev/pts", "devpts", "devpts", pts),
            ("/dev/shm", "tmpfs", "shm", closed + ["mode=1777", "size=65536k"]),
            ("/dev/mqueue", "mqueue", "mqueue", closed), ("/sys", "sysfs", "sysfs", closed + ["ro"]),
            ("/sys/fs/cgroup", "cgroup", "cgroup", closed + ["relatime", "ro"]),
        ]
        return all.map { destination, type, source, options in
            var mount = RuntimeMount(destination: destination)
            (mount.type, mount.source, mount.options) = (type, source, options)
            return mount
        }
    }
}
