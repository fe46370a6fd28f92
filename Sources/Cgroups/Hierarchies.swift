package import Linux
import SystemPackage

/// The trees of control groups that this host has mounted (`man 7 cgroups`): v2 has one for all controllers, v1 one for
/// each, or for a few together.
package struct Hierarchies: Sendable {
    /// Where each v1 controller's tree is; empty on a host of v2.
    let controllers: [String: FilePath]
    /// The v2 tree, where that has the controllers.
    let unified: FilePath?
    /// Trees without any of these controllers: other runtimes make groups there, too.
    let others: [FilePath]

    /// The controllers that count, stop and limit a container.
    static let wanted = ["cpu", "cpuacct", "cpuset", "memory", "pids", "freezer", "blkio", "devices"]

    /// Those that this process sees; none where nothing is mounted. With v1 a tree for huge pages costs each container time, so
    /// that only who asks has it.
    package init(countingHugePages: Bool = false) throws {
        self.init(try MountInfo.all(), countingHugePages: countingHugePages)
    }

    package init(_ mounts: [MountInfo], countingHugePages: Bool = false) {
        let wanted = Self.wanted + (countingHugePages ? ["hugetlb"] : [])
        var found: [String: FilePath] = [:]
        for mount in mounts where mount.type == "cgroup" {
            for controller in wanted where mount.superOptions.contains(controller) {
                found[controller] = mount.target
            }
        }
        controllers = found
        // Beside trees of v1 that of v2 is empty, or has what nobody took.
        unified = found.isEmpty ? mounts.first { $0.type == "cgroup2" }?.target : nil
        let own = Set(found.values).union(unified.map { [$0] } ?? [])
        others = Set(mounts.filter { ["cgroup", "cgroup2"].contains($0.type) }.map(\.target)).subtracting(own)
            .sorted { $0.string < $1.string }
    }

    /// 1 or 2, as `docker info` says it; nil: there are none.
    package var version: Int? { unified != nil ? 2 : controllers.isEmpty ? nil : 1 }

    /// The root of each tree, once.
    var roots: [FilePath] { unified.map { [$0] } ?? Array(Set(controllers.values)) }
}
