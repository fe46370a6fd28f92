import CLinux
import Cgroups
import FoundationEssentials
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// A bundle for somebody else's runtime, made by the process that becomes it: the tree is put together in a mount
/// namespace that this process alone has, and `config.json` says in OCI's words what ours says in annotations and options.
struct ForeignBundle {
    /// Of the specification: some take no later one, and we say nothing that is not in it.
    private static let version = "1.0.2"

    private var spec: RuntimeSpec
    private let message: LaunchMessage
    private(set) var warnings: [String] = []

    init(spec: RuntimeSpec, message: LaunchMessage) {
        (self.spec, self.message) = (spec, message)
    }

    mutating func make() throws {
        let place = message.folder + "/rootfs"
        try step("root file system") {
            try RootFileSystem(spec: spec, place: place)
                .mountRoot(folder: message.rootFolder, mounts: message.mounts)
        }
        spec.mounts = try (spec.mounts ?? []).enumerated().map { index, mount in
            try step("mount \(mount.destination)") { try plain(mount, "\(index)") }
        }
        // Who looked into another mount namespace is at its root now.
        try sys("return to \(message.folder)") { chdir(message.folder) }
        var process = ForeignProcess(spec.process ?? RuntimeProcess(cwd: "/"))
        let user = spec.annotations?["io.varve.user"] ?? ""
        try process.resolve(user, adding: ForeignProcess.groups(of: spec), in: try ContainerRoot(place))
        (spec.process, warnings) = (process.process, process.warnings)
        if let domain = spec.domainname {
            // Runtimes of old know no `domainname`.
            let others = spec.linux?.sysctl ?? [:]
            spec.linux?.sysctl = others.merging(["kernel.domainname": domain]) { $1 }
            spec.domainname = nil
        }
        let rules = spec.linux?.resources?.devices
        spec.linux?.resources?.devices = rules?.flatMap(Self.plain)
        if WarmUp.hierarchies?.version == 2, let shares = spec.linux?.resources?.cpu?.shares {
            // Runtimes, and their versions, make another weight of them each: `update` would change what nobody asked to.
            let weight = ["cpu.weight": "\(ControlGroup.weight(shares: shares))"]
            let others = spec.linux?.resources?.unified ?? [:]
            spec.linux?.resources?.unified = others.merging(weight) { given, _ in given }
            spec.linux?.resources?.cpu?.shares = nil
        }
        spec.ociVersion = Self.version
        spec.root?.path = place
        for name in ["io.varve.user", "io.varve.group-add"] { spec.annotations?[name] = nil }
        try Self.write(spec, to: "config.json")
    }

    static func write(_ value: some Encodable, to file: FilePath) throws {
        try writeAtomically(Array(try JSONEncoder().encode(value)), to: file, flush: false)
    }

    /// The rule for each kind of devices by itself: runc takes one for both as one for all devices, whatever else it says.
    private static func plain(_ rule: RuntimeDeviceRule) -> [RuntimeDeviceRule] {
        var whole = rule
        whole.access = rule.access ?? "rwm"
        let isForAll = rule.major == nil && rule.minor == nil && Set(whole.access ?? "") == Set("rwm")
        guard rule.type ?? "a" == "a", !isForAll else { return [whole] }
        return ["c", "b"].map {
            whole.type = $0
            return whole
        }
    }

    /// A mount without our own options: what they name is found here, and bound at a place that the runtime can be told.
    private func plain(_ entry: RuntimeMount, _ name: String) throws -> RuntimeMount {
        let options = MountOptions(entry.options ?? [])
        var mount = entry
        // `rro` by itself must hold there.
        let own = [RuntimeMount.subpath, RuntimeMount.found, RuntimeMount.readOnlyBelow]
        mount.options = entry.options?.filter { option in !own.contains { option.hasPrefix($0) } }
        let path = entry.source ?? ""
        if let namespace = options.foundIn {
            let other = OwnedDescriptor(try sys("open \(namespace)") { open(namespace, O_RDONLY | O_CLOEXEC) })
            let copy = OwnedDescriptor(
                try sys("find \(path) of the other container") { linux_mount_of(other.rawValue, path) }
            )
            let source = try makeSource(name, for: copy.rawValue)
            try sys("attach \(source)") { linux_attach_mount(copy.rawValue, source) }
            mount.source = source
        } else if let part = options.subpath {
            let whole = OwnedDescriptor(try sys("open \(path)") { open(path, LINUX_O_PATH | O_CLOEXEC) })
            let found = OwnedDescriptor(
                try sys("open \(part) in \(path)") { linux_open_in_root(whole.rawValue, part, UInt64(LINUX_O_PATH)) }
            )
            let source = try makeSource(name, for: found.rawValue)
            try sys("bind \(part) of \(path)") {
                Glibc.mount(varve_runtime.place(found.rawValue), source, nil, UInt(MS_BIND | MS_REC), nil)
            }
            mount.source = source
        }
        return mount
    }

    /// A folder or a file, as `source` is one, to mount that on.
    private func makeSource(_ name: String, for source: CInt) throws -> String {
        let folder = message.folder + "/sources"
        if mkdir(folder, 0o700) != 0 && errno != EEXIST { throw SystemError("mkdir \(folder)", Errno(rawValue: errno)) }
        let place = folder + "/" + name
        if try ContainerRoot.type(of: source) == S_IFDIR {
            try sys("mkdir \(place)") { mkdir(place, 0o700) }
        } else {
            let file = try sys("make \(place)") { open(place, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600) }
            close(file)
        }
        return place
    }
}
