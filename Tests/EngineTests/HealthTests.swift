import DockerAPI
import OCI
import Testing

@testable import Engine

@Suite("How well a container is")
struct HealthTests {
    private func plan(_ change: (inout HealthConfig) -> Void) -> HealthPlan? {
        var config = ContainerConfig()
        var check = HealthConfig()
        change(&check)
        config.healthcheck = check
        return HealthPlan(config)
    }

    private func result(_ code: Int) -> HealthResult {
        var result = HealthResult()
        result.exitCode = code
        return result
    }

    @Test("Docker's defaults; nothing to check is no plan")
    func plans() throws {
        let found = try #require(plan { $0.test = ["CMD-SHELL", "a | b"] })
        #expect(found.command == ["/bin/sh", "-c", "a | b"])
        #expect((found.interval, found.timeout, found.retries) == (.seconds(30), .seconds(30), 3))
        #expect(plan { $0.test = ["CMD", "a", "b"] }?.command == ["a", "b"])
        for test in [nil, [], ["NONE"], ["CMD"], ["OTHER", "x"]] as [[String]?] {
            #expect(plan { $0.test = test } == nil)
        }
        #expect(HealthPlan(ContainerConfig()) == nil)
    }

    @Test("failures in a row count, but for those soon after the start; one success is enough")
    func judges() throws {
        let plan = try #require(
            plan { check in
                (check.test, check.retries, check.startPeriod) = (["CMD", "x"], 2, 10_000_000_000)
            }
        )
        var health = Health()
        func check(_ code: Int, at seconds: Int) {
            health = plan.judge(result(code), health, sinceStart: .seconds(seconds))
        }
        for _ in 0..<3 { check(1, at: 1) }
        #expect((health.status, health.failingStreak) == ("starting", 0))
        #expect(plan.pause(health, sinceStart: .seconds(1)) == .seconds(5))
        check(1, at: 11)
        #expect((health.status, health.failingStreak) == ("starting", 1))
        check(-1, at: 12)
        #expect((health.status, health.failingStreak) == ("unhealthy", 2))
        check(0, at: 13)
        #expect((health.status, health.failingStreak) == ("healthy", 0))
        check(1, at: 1)
        #expect((health.status, health.failingStreak) == ("healthy", 1))
        #expect(health.log.map(\.exitCode) == [1, 1, -1, 0, 1])
        #expect(plan.pause(health, sinceStart: .seconds(1)) == .seconds(30))
    }

    @Test("the instruction, with its flags, as words or as a line")
    func instruction() throws {
        let found = try HealthInstruction.parse("--interval=1m30s --retries=5  --timeout=500ms CMD [\"a\", \"b c\"]")
        #expect(
            (found.test, found.interval, found.timeout, found.retries) == (
                ["CMD", "a", "b c"], 90_000_000_000, 500_000_000, 5
            )
        )
        #expect(try HealthInstruction.parse("cmd a | b").test == ["CMD-SHELL", "a | b"])
        #expect(try HealthInstruction.parse("NONE").test == ["NONE"])
        for bad in ["", "CMD", "NONE x", "--interval=x CMD a", "--other=1 CMD a", "--retries=-1 CMD a", "a"] {
            #expect(throws: EngineError.self, "\(bad)") { try HealthInstruction.parse(bad) }
        }
    }
}
