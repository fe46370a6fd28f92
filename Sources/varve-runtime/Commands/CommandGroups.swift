import Cgroups
import Linux
import OCI

/// The control groups of a container that a command looks at; they were made by another one.
struct CommandGroups {
    let group: ControlGroup

    /// Nil where the host has none.
    init?(_ path: String) {
        guard let hierarchies = WarmUp.hierarchies, hierarchies.version != nil,
            let group = try? ControlGroup(path, in: hierarchies)
        else { return nil }
        self.group = group
    }

    var isFrozen: Bool { group.isFrozen }

    /// All processes, those in groups below, too.
    func processes() throws -> [Int32] { try group.processes().sorted() }

    /// Throws where somebody is in them: what is made for a container is removed, with all that is in it.
    func refuseOthers(_ path: String) throws {
        let others = try processes()
        guard others.isEmpty else {
            throw StepError("cgroupsPath \(path): \(others.count) processes of others are in it")
        }
    }
}
