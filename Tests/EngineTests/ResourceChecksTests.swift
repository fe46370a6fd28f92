import Cgroups
import DockerAPI
import OCI
import Testing

@testable import Engine

/// What limits may be, and what becomes of those that a host can't hold.
struct ResourceChecksTests {
    private static let all: LimitSupport = {
        var support = LimitSupport()
        for path in [
            \LimitSupport.memory, \.swap, \.reservation, \.swappiness, \.withoutOOMKiller, \.cpuShares, \.cpuQuota,
            \.realtime,
            \.cpuset, \.pids, \.blockWeight, \.blockDeviceWeight, \.blockRates,
        ] { support[keyPath: path] = true }
        return support
    }()

    private func checked(
        _ support: LimitSupport = all,
        _ change: (inout HostConfig) -> Void
    ) throws -> (host: HostConfig, warnings: [String]) {
        var host = HostConfig()
        change(&host)
        let warnings = try ResourceChecks.check(&host, support, processors: 4)
        return (host, warnings)
    }

    @Test func swapIsAsMuchAsMemory() throws {
        #expect(try checked { $0.memory = 64 << 20 }.host.memorySwap == 128 << 20)
        #expect(try checked { ($0.memory, $0.memorySwap) = (64 << 20, -1) }.host.memorySwap == -1)
        #expect(try checked { $0.memory = .max - 1 }.host.memorySwap == -1)
        #expect(try checked { _ in }.host.memorySwap == 0)
    }

    @Test func nothingIsLeftOutThatTheHostCanDo() throws {
        let (host, warnings) = try checked {
            ($0.memory, $0.nanoCpus, $0.pidsLimit, $0.cpusetCpus) = (64 << 20, 1_500_000_000, 9, "0")
        }
        #expect(warnings.isEmpty && host.memory == 64 << 20 && host.nanoCpus == 1_500_000_000 && host.pidsLimit == 9)
    }

    @Test func whatTheHostCannotDoIsLeftOutAndTold() throws {
        let (host, warnings) = try checked(LimitSupport()) {
            ($0.memory, $0.cpuShares, $0.pidsLimit, $0.blkioWeight) = (64 << 20, 512, 9, 100)
            $0.oomKillDisable = true
        }
        #expect(warnings.count == 5, "\(warnings)")
        #expect(host.memory == 0 && host.memorySwap == 0 && host.cpuShares == 0 && host.pidsLimit == nil)
        #expect(host.blkioWeight == 0 && host.oomKillDisable == nil)
    }

    @Test(
        arguments: [
            { $0.memory = 1024 }, { ($0.memory, $0.memorySwap) = (64 << 20, 32 << 20) }, { $0.memorySwap = 64 << 20 },
            { $0.memorySwappiness = 101 }, { $0.nanoCpus = -1 }, { $0.nanoCpus = 5_000_000_000 }, { $0.cpuShares = -1 },
            { ($0.nanoCpus, $0.cpuQuota) = (1, 1000) }, { $0.cpuPeriod = 1 }, { $0.cpuQuota = 1 },
            { $0.blkioWeight = 9 },
            { $0.memoryReservation = 1 }, { $0.cpusetCpus = "9999" }, { $0.ioMaximumIOps = 1 },
        ] as [@Sendable (inout HostConfig) -> Void]
    )
    func limitsThatCannotBe(change: @Sendable (inout HostConfig) -> Void) {
        #expect(throws: EngineError.self) { try checked { change(&$0) } }
    }

    @Test(arguments: ["0", "0-3", "0,2-3", "8191"]) func listsOfNumbers(text: String) {
        #expect(NumberSet(text) != nil)
    }

    @Test(arguments: ["", "a", "3-1", "-1", "1-", "0,,1", "0-99999999", "1-2-3"]) func noLists(text: String) {
        #expect(NumberSet(text) == nil)
    }

    @Test(arguments: ["c 42:* rwm", "a *:* r", "b 8:0 w"])
    func rulesForDevices(text: String) throws { #expect(try HostDevices.rule(text).allow) }

    /// In an update what is not given stays, and -1 says that there is to be no limit.
    @Test func updates() throws {
        var host = HostConfig()
        host.memorySwap = 64 << 20
        host.pidsLimit = 0
        #expect(try ResourceChecks.check(&host, Self.all, processors: 4, isUpdate: true).isEmpty)
        #expect(host.memorySwap == 64 << 20 && host.pidsLimit == -1)
        var (old, new) = (HostConfig(), HostConfig())
        (old.memory, old.memorySwap, old.nanoCpus, old.pidsLimit) = (64 << 20, 128 << 20, 1_000_000_000, 9)
        let changes = SpecResources.changes(from: old, to: new)
        #expect(changes?.memory?.limit == -1 && changes?.memory?.swap == -1 && changes?.cpu?.quota == -1)
        #expect(changes?.pids?.limit == -1)
        new = old
        #expect(SpecResources.changes(from: old, to: new) == nil)
    }

    @Test(arguments: ["", "c 1", "c 1:3", "d 1:3 rwm", "c 1:3 rwmm", "c -1:3 rwm", "c 1:3 x", "c 1:3:4 r", "c  1:3 r"])
    func rulesThatAreNone(text: String) {
        #expect(throws: EngineError.self) { try HostDevices.rule(text) }
    }
}
