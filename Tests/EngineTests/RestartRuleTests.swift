import DockerAPI
import Testing

@testable import Engine

@Suite("When containers start again by themselves")
struct RestartRuleTests {
    private func policy(_ name: String, _ most: Int = 0) -> RestartPolicy {
        var policy = RestartPolicy()
        (policy.name, policy.maximumRetryCount) = (name, most)
        return policy
    }

    @Test(
        "after an end",
        arguments: [
            ("no", 0, 1, false, 0, false), ("always", 0, 0, false, 9, true), ("always", 0, 0, true, 0, false),
            ("unless-stopped", 0, 1, false, 9, true), ("on-failure", 0, 0, false, 0, false),
            ("on-failure", 0, 1, false, 99, true), ("on-failure", 3, 1, false, 2, true),
            ("on-failure", 3, 1, false, 3, false), ("", 0, 1, false, 0, false),
        ]
    )
    func restarts(_ name: String, _ most: Int, _ code: Int, _ wasAsked: Bool, _ count: Int, _ wanted: Bool) {
        let end = RestartRule.End(exitCode: code, wasAsked: wasAsked, restarts: count)
        #expect(RestartRule.restarts(policy(name, most), after: end) == wanted)
    }

    @Test("pauses double up to a minute, and begin anew after a good run")
    func pauses() {
        var pause: Duration?
        var all: [Duration] = []
        for _ in 0..<12 {
            pause = RestartRule.pause(after: pause, lasted: .seconds(1))
            all.append(pause ?? .zero)
        }
        #expect(all.prefix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(all.last == .seconds(60))
        #expect(RestartRule.pause(after: .seconds(30), lasted: .seconds(10)) == .milliseconds(100))
    }

    @Test(
        "with the daemon",
        arguments: [
            ("always", true, true), ("always", false, true), ("unless-stopped", true, false),
            ("unless-stopped", false, true), ("on-failure", false, false), ("no", false, false),
        ]
    )
    func withDaemon(_ name: String, _ wasStopped: Bool, _ wanted: Bool) {
        #expect(RestartRule.startsWithDaemon(policy(name), wasStopped: wasStopped) == wanted)
    }
}
