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
            (group, entrance) = (nil, Entrance())
            return
        }
        let group = try ControlGroup(path, in: hierarchies)
        do {
            try group.make()
            entrance = try group.entrance()
        } catch {
            try? group.remove()  // the first error is the one to report
            throw error
        }
        self.group = group
    }

    /// Says in the container's folder, which is the working folder, that the daemon shall look again where it can't.
    func remove() {
        do { try group?.remove() } catch { try? writeFile([], to: "groups", mode: [.ownerReadWrite]) }
    }
}
