import DockerAPI
import OCI
import Testing

@testable import Engine

/// What `ps` says of a container's state, in go-units' words.
struct StatusTextTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private static let minute: Int64 = 60
    private static let hour: Int64 = 3600
    private static let day: Int64 = 86_400
    private static let durations: [(seconds: Int64, text: String)] = [
        (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (minute, "About a minute"),
        (2 * minute - 1, "About a minute"), (2 * minute, "2 minutes"), (hour - 1, "59 minutes"),
        (hour, "About an hour"),
        (90 * minute - 1, "About an hour"), (90 * minute, "2 hours"), (47 * hour, "47 hours"), (2 * day, "2 days"),
        (13 * day, "13 days"), (14 * day, "2 weeks"), (59 * day, "8 weeks"), (60 * day, "2 months"),
        (729 * day, "24 months"), (730 * day, "2 years"),
    ]

    @Test(arguments: durations)
    func saysDurations(seconds: Int64, text: String) {
        #expect(HumanDuration.text(seconds: seconds) == text)
    }

    @Test func saysHowLongItRuns() {
        var state = ContainerState()
        state.running = true
        state.startedAt = Timestamp(seconds: now.seconds - 5).description
        #expect(state.text(now: now) == "Up 5 seconds")
    }

    @Test func saysHowItEnded() {
        var state = ContainerState()
        state.exitCode = 137
        state.startedAt = Timestamp(seconds: now.seconds - 900).description
        state.finishedAt = Timestamp(seconds: now.seconds - 180).description
        #expect(state.text(now: now) == "Exited (137) 3 minutes ago")
    }

    @Test func saysThatItNeverStarted() {
        var state = ContainerState()
        state.startedAt = Timestamp.zero.description
        #expect(state.text(now: now) == "Created")
    }
}
