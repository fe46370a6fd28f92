import Glibc
import GraphDrivers
import Linux
import SystemPackage

extension HostFacts {
    /// This host; `version` is Varve's.
    package static func here(version: String) -> HostFacts {
        var facts = HostFacts()
        var name = utsname()
        uname(&name)
        facts.kernel = text(of: &name.release)
        facts.architecture = text(of: &name.machine)
        facts.processors = sysconf(CInt(_SC_NPROCESSORS_ONLN))
        facts.memory = Int64(sysconf(CInt(_SC_PHYS_PAGES))) * Int64(sysconf(CInt(_SC_PAGESIZE)))
        let processors = lines(of: "/proc/cpuinfo")
        facts.processor = processors.first { $0.hasPrefix("model name") }.map(value) ?? ""
        facts.isVirtual = processors.contains { $0.hasPrefix("flags") && $0.contains(" hypervisor") }
        facts.load = lines(of: "/proc/loadavg").first ?? ""
        facts.version = version
        for (program, flag) in [
            ("fio", "--version"), ("git", "--version"), ("cc", "--version"), ("sqlite3", "--version"),
            ("dpkg", "--version"), ("mkfs.btrfs", "--version"), ("fuse-overlayfs", "--version"),
        ] where Command.find(program) != nil {
            let said = (try? Command.run([program, flag], seconds: 10)) ?? ""
            facts.programs[program] = String(said.split(separator: ";").first ?? "")
        }
        return facts
    }

    private static func text<T>(of field: inout T) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func lines(of path: FilePath) -> [String] {
        let text = (try? readFile(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    private static func value(_ line: String) -> String {
        let after = line.drop { $0 != ":" }.dropFirst()
        return String(after.drop { $0 == " " })
    }
}

extension TargetFacts {
    /// What is to be measured, and where; `folder` is there.
    init(_ target: Target, id: String, kind: Kind, folder: FilePath) {
        self.init(id: id, kind: kind, name: target.kind.name)
        options = target.options
        place = target.place.description
        describeFileSystem(of: folder)
        if case .loop = target.place {
            device += " (a file on \(Self.mount(of: folder.removingLastComponent())?.type ?? "?"))"
        }
    }

    /// What holds `folder`.
    mutating func describeFileSystem(of folder: FilePath) {
        guard let mount = Self.mount(of: folder) else { return }
        fileSystem = mount.type
        mountOptions = (mount.options + mount.superOptions).reduce(into: [String]()) { list, option in
            if !list.contains(option) { list.append(option) }
        }.joined(separator: ",")
        device = mount.source
        if !mount.source.hasPrefix("/dev/loop"), let rotating = Self.isRotating(mount.source) {
            device += rotating ? ", rotating" : ", not rotating"
        }
    }

    /// The mount that shows `folder`: the last of those whose place is the longest.
    private static func mount(of folder: FilePath) -> MountInfo? {
        let all = (try? MountInfo.all()) ?? []
        let holding = all.filter { folder.starts(with: $0.target) }
        let longest = holding.map { $0.target.components.count }.max()
        return holding.last { $0.target.components.count == longest }
    }

    private static func isRotating(_ device: String) -> Bool? {
        guard let name = device.split(separator: "/").last else { return nil }
        let file = FilePath("/sys/class/block/\(name)/queue/rotational")
        return (try? readFile(file)).map { $0.first == UInt8(ascii: "1") }
    }
}
