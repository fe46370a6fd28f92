import Cgroups
import Linux
import OCI
import SystemPackage

/// The container's control groups, and the way into them, as long as its monitor lives; none on a host that has none.
struct ContainerGroups {
    private let group: ControlGroup?
    let entrance: Entrance

    init() { (group, entrance) = (nil, Entrance()) }

    /// Makes those that `cgroupsPath` of the configuration names.
    init(_ spec: RuntimeSpec) throws {
        guard let path = spec.linux?.cgroupsPath, let hierarchies = WarmUp.hierarchies, hierarchies.version != nil
        else {
            // Whoever may make nodes would open every disk of the host.
            guard (spec.linux?.resources?.devices ?? []).allSatisfy(\.allow) else {
                throw StepError("there are none, so that nothing would keep the host's devices from the container")
            }
            (group, entrance) = (nil, Entrance())
            return
        }
        let group = try ControlGroup(path, in: hierarchies)
        do {
            try group.make()
            try group.limit(spec.linux?.resources ?? RuntimeResources())
            entrance = try group.entrance(devices: Devices.rules(spec))
        } catch {
            try? group.remove()  // the first error is the one to report
            throw error
        }
        self.group = group
    }

    /// The groups that another process made for a container at `path`, whose first process is `pid`.
    ///
    /// With v2 it may have gone into one of its own below, as systemd does: who comes later must, too. (man 7 cgroups,
    /// "no internal processes")
    init(joining path: String, of pid: Int32) throws {
        let text = String(decoding: try readFile(FilePath("/proc/\(pid)/cgroup")), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("0::/") }.map { FilePath(String($0.dropFirst(3))) }
        let whole = FilePath("/").pushing(FilePath(path))
        let isBelow = WarmUp.hierarchies?.version == 2 && line?.starts(with: whole) == true
        group = CommandGroups(isBelow ? line?.string ?? path : path)?.group
        entrance = try group?.entrance() ?? Entrance()
    }

    /// Whether the kernel killed any of its processes for want of memory.
    var hadKills: Bool { kills ?? 0 > 0 }

    /// How many it has killed.
    var kills: UInt64? { group?.kills }

    /// Hears of that as it happens; nil where the kernel does not tell.
    func killWatch() -> KillWatch? { group.flatMap(KillWatch.init) }

    /// Says in the container's folder, which is the working folder, that the daemon shall look again where it can't.
    func remove() {
        do { try group?.remove() } catch { try? writeFile([], to: "groups", mode: [.ownerReadWrite]) }
    }
}
