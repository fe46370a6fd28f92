import Cgroups
import Glibc
import Linux
import OCI
import SystemPackage
import Testing

/// Limits, on this host's own control groups.
struct LimitTests {
    @Test(arguments: [(0, 1), (2, 1), (512, 59), (1024, 100), (2048, 174), (262_144, 10000), (.max, 10000)])
    func sharesBecomeAWeight(shares: UInt64, weight: Int) {
        #expect(ControlGroup.weight(shares: shares) == weight)
    }

    /// Up and down again, in an order that the kernel takes: memory must never be more than memory and swap.
    @Test func growAndShrink() throws {
        let hierarchies = try Hierarchies()
        try #require(hierarchies.version != nil, "this host has no control groups mounted")
        let group = try ControlGroup("varve-test-\(getpid())-limits", in: hierarchies)
        try group.make()
        defer { try? group.remove() }
        for megabytes: Int64 in [64, 256, 32, -1, 16] {
            var resources = RuntimeResources()
            resources.memory = RuntimeMemory()
            resources.memory?.limit = megabytes < 0 ? -1 : megabytes << 20
            resources.memory?.swap = megabytes < 0 ? -1 : megabytes << 20
            var cpu = RuntimeCPU()
            (cpu.period, cpu.quota) = (UInt64(1000 * abs(megabytes)), 1000 * abs(megabytes))
            resources.cpu = cpu
            resources.pids = RuntimePids(limit: megabytes)
            try group.limit(resources)
            #expect(group.pids.limit == (megabytes < 0 ? nil : UInt64(megabytes)))
            if megabytes > 0 { #expect(group.memory.limit == UInt64(megabytes) << 20) }
        }
        var wrong = RuntimeResources()
        wrong.cpu = RuntimeCPU()
        wrong.cpu?.cpus = "9999"
        #expect(throws: SystemError.self) { try group.limit(wrong) }
    }

    /// A file of the kernel's that is named in a configuration must be one of the group's own.
    @Test(arguments: ["../memory.max", "a/b.c", "nonsense"])
    func otherFilesAreRefused(name: String) throws {
        let group = try ControlGroup("varve-test-none", in: Hierarchies())
        var resources = RuntimeResources()
        resources.unified = [name: "1"]
        #expect(throws: SystemError.self) { try group.limit(resources) }
    }

    @Test func hostsAreAskedWhatTheyCanDo() throws {
        #expect(Hierarchies([]).support == LimitSupport())
        let own = try Hierarchies()
        if own.version != nil { #expect(own.support.memory && own.support.pids) }
    }
}
