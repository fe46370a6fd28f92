import Linux
import SystemPackage
import Testing

@testable import Cgroups

struct HierarchiesTests {
    private func mounts(_ lines: String...) -> [MountInfo] { lines.compactMap { MountInfo(line: $0) } }

    @Test func treesOfVersion1() {
        let found = Hierarchies(
            mounts(
                "30 20 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
                "31 20 0:27 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer",
                "32 20 0:28 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd",
                "33 20 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
            )
        )
        #expect(found.version == 1)
        #expect(found.controllers["cpu"] == "/sys/fs/cgroup/cpu,cpuacct")
        #expect(found.controllers["memory"] == nil)
        #expect(Set(found.roots) == ["/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/freezer"])
        #expect(found.others == ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"])
    }

    @Test func oneTreeOfVersion2() {
        let found = Hierarchies(mounts("30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate"))
        #expect(found.version == 2)
        #expect(found.roots == ["/sys/fs/cgroup"] && found.others.isEmpty)
    }

    @Test func none() {
        let found = Hierarchies(mounts("30 20 0:26 / / rw - ext4 /dev/root rw"))
        #expect(found.version == nil)
        #expect(found.roots.isEmpty)
    }

    @Test func linesOfDisks() {
        #expect(
            BlockIOUsage(old: "8:16 Read 4096") == BlockIOUsage(major: 8, minor: 16, operation: "Read", bytes: 4096)
        )
        #expect(BlockIOUsage(old: "Total 4096") == nil)
        let both = BlockIOUsage.unified("8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0")
        #expect(both.map(\.operation) == ["read", "write"])
        #expect(both.map(\.bytes) == [1, 2])
        #expect(BlockIOUsage.unified("nonsense").isEmpty)
    }
}
