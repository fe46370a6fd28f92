import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// A bundle's `config.json`, made ready: checked, its paths absolute, its defaults filled in.
struct BundleSpec {
    let folder: FilePath
    var spec: RuntimeSpec
    let rootfs: String

    init(_ folder: FilePath, id: String, _ invocation: Invocation) throws {
        self.folder = folder
        spec = try step("config.json of \(folder)") {
            try JSONDecoder().decode(RuntimeSpec.self, from: Data(readFile(folder.appending("config.json"))))
        }
        try Self.check(spec)
        rootfs = absolute(spec.root?.path ?? "", from: folder).string
        guard isFolder(FilePath(rootfs)) else { throw StepError("root.path \(rootfs): it is no folder") }
        for (index, mount) in (spec.mounts ?? []).enumerated() {
            let isBind = mount.type == "bind" || (mount.options ?? []).contains { $0 == "bind" || $0 == "rbind" }
            guard isBind, let source = mount.source else { continue }
            spec.mounts?[index].source = absolute(source, from: folder).string
        }
        // They are the daemon's own, to its own runtime.
        spec.annotations = spec.annotations?.filter { !$0.key.hasPrefix("io.varve.") }
        if spec.linux == nil { spec.linux = RuntimeLinux() }
        if (spec.linux?.cgroupsPath ?? "").isEmpty { spec.linux?.cgroupsPath = "/varve-runtime/\(id)" }
    }

    /// Throws what is wrong, or is not there, before anything is made.
    private static func check(_ spec: RuntimeSpec) throws {
        guard spec.ociVersion.hasPrefix("1.") else {
            throw StepError("ociVersion is \(spec.ociVersion); this runtime knows 1.0 to 1.2")
        }
        guard let root = spec.root, !root.path.isEmpty else { throw StepError("root.path is missing") }
        guard let process = spec.process else { throw StepError("process is missing") }
        try check(process)
        for mount in spec.mounts ?? [] {
            let options = mount.options ?? []
            if options.contains(where: { $0 == "idmap" || $0 == "ridmap" }) || !(mount.uidMappings ?? []).isEmpty {
                throw StepError("mount \(mount.destination): mounts with mapped ids are not there")
            }
            guard options.allSatisfy({ !$0.hasPrefix("varve.") }) else {
                throw StepError("mount \(mount.destination): options varve.* are the daemon's own")
            }
        }
        let linux = spec.linux ?? RuntimeLinux()
        if linux.intelRdt != nil { throw StepError("linux.intelRdt is not there") }
        let path = linux.cgroupsPath ?? ""
        if path.split(separator: ":", omittingEmptySubsequences: false).count == 3 {
            throw StepError("cgroupsPath \(path) is systemd's; use cgroupfs (podman: --cgroup-manager=cgroupfs)")
        }
        _ = try Labels.mountOption(linux.mountLabel)
        let all = ["mount", "pid", "uts", "ipc", "network", "cgroup", "time", "user"]
        for namespace in linux.namespaces ?? [] where !all.contains(namespace.type) {
            throw StepError("namespaces of type \(namespace.type) are not there yet")
        }
        let types = (linux.namespaces ?? []).map(\.type)
        if types.contains("user") { try UserNamespace.mappings(linux) }
        guard Set(types).count == types.count else { throw StepError("linux.namespaces has a type twice") }
        let hasNames = !(spec.hostname ?? "").isEmpty || !(spec.domainname ?? "").isEmpty
        if hasNames && !types.contains("uts") { throw StepError("hostname and domainname need a uts namespace") }
    }

    static func check(_ process: RuntimeProcess) throws {
        guard process.args?.isEmpty == false else { throw StepError("process.args must not be empty") }
        guard process.cwd.hasPrefix("/") else { throw StepError("process.cwd must be an absolute path") }
    }
}
