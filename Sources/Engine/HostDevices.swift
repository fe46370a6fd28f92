import CLinux
import DockerAPI
import Glibc
import Linux
import OCI
import SystemPackage

/// Devices of this host that a container gets.
enum HostDevices {
    /// Nodes to make, and what may be opened, in the order of the rules.
    static func all(_ host: HostConfig) throws -> (nodes: [RuntimeDevice], rules: [RuntimeDeviceRule]) {
        var nodes: [RuntimeDevice] = []
        // Privileged: everything may be opened, and every node is there.
        var rules = [RuntimeDeviceRule(allow: host.privileged)]
        if host.privileged {
            nodes = try below("/dev", as: "/dev")
        }
        for device in host.devices ?? [] {
            let found = try nodesAt(device)
            nodes.removeAll { node in found.contains { $0.path == node.path } }
            nodes += found.filter { !ofEveryContainer.contains($0.path) }
            let access = device.cgroupPermissions.isEmpty ? "rwm" : device.cgroupPermissions
            rules += found.map {
                RuntimeDeviceRule(allow: true, type: $0.type, major: $0.major, minor: $0.minor, access: access)
            }
        }
        rules += try (host.deviceCgroupRules ?? []).map(rule)
        return (nodes, rules)
    }

    /// `c 42:* rwm`.
    static func rule(_ text: String) throws -> RuntimeDeviceRule {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let numbers = words.count == 3 ? words[1].split(separator: ":", omittingEmptySubsequences: false) : []
        let areNumbers = numbers.allSatisfy {
            $0 == "*" || !$0.isEmpty && $0.count < 10 && $0.allSatisfy("0123456789".contains)
        }
        guard words.count == 3, ["a", "b", "c"].contains(words[0]), numbers.count == 2, areNumbers,
            isAccess(String(words[2]))
        else { throw EngineError(.invalid, "invalid device cgroup rule format: '\(text)'; write it as c 42:* rwm") }
        return RuntimeDeviceRule(
            allow: true,
            type: String(words[0]),
            major: Int64(numbers[0]),
            minor: Int64(numbers[1]),
            access: String(words[2])
        )
    }

    /// Some of `r`, `w` and `m`, each once.
    static func isAccess(_ text: String) -> Bool {
        1...3 ~= text.count && Set(text).count == text.count && text.allSatisfy { "rwm".contains($0) }
    }

    /// Those of a block device.
    static func numbers(of path: String) throws -> (major: Int64, minor: Int64) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFBLK else {
            throw EngineError(
                .invalid,
                "\(path) is no block device of this host, whose rates or weight could be limited"
            )
        }
        return (Int64(linux_major(status.st_rdev)), Int64(linux_minor(status.st_rdev)))
    }

    /// Made in each container, or mounted there.
    private static let ofEveryContainer: Set<String> = [
        "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx",
    ]

    /// A device, where a link leads to one that too, or all below a folder.
    private static func nodesAt(_ device: DeviceMapping) throws -> [RuntimeDevice] {
        let source = device.pathOnHost
        let target = device.pathInContainer.isEmpty ? source : device.pathInContainer
        guard let real = realpath(source, nil) else { throw missing(source, Errno(rawValue: errno)) }
        defer { free(real) }
        let path = FilePath(String(cString: real))
        if let node = node(path, as: FilePath(target)) { return [node] }
        guard isFolder(path) else {
            throw EngineError(.failed, gathering + "\"\(source)\": not a device node")
        }
        let found = try below(path, as: FilePath(target))
        guard !found.isEmpty else { throw EngineError(.failed, gathering + "\"\(source)\": no devices in it") }
        return found
    }

    private static let gathering = "error gathering device information while adding custom device "

    private static func missing(_ path: String, _ error: Errno) -> EngineError {
        EngineError(.failed, gathering + "\"\(path)\": \(error)")
    }

    private static func below(_ folder: FilePath, as target: FilePath) throws -> [RuntimeDevice] {
        let passed: Set<String> = ["pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev"]
        return try listFolder(folder).sorted().flatMap { name -> [RuntimeDevice] in
            let (path, inside) = (folder.appending(name), target.appending(name))
            if ofEveryContainer.contains(path.string) { return [] }
            if let node = node(path, as: inside) { return [node] }
            var status = stat()
            let isReal = lstat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            return isReal && !passed.contains(name) ? try below(path, as: inside) : []
        }
    }

    /// Nil where there is none; links are not followed.
    private static func node(_ path: FilePath, as target: FilePath) -> RuntimeDevice? {
        var status = stat()
        guard lstat(path.string, &status) == 0 else { return nil }
        let kinds: [mode_t: String] = [S_IFCHR: "c", S_IFBLK: "b"]
        guard let kind = kinds[status.st_mode & S_IFMT] else { return nil }
        var device = RuntimeDevice(type: kind, path: target.string)
        device.major = Int64(linux_major(status.st_rdev))
        device.minor = Int64(linux_minor(status.st_rdev))
        device.fileMode = UInt32(status.st_mode & 0o7777)
        (device.uid, device.gid) = (status.st_uid, status.st_gid)
        return device
    }
}
