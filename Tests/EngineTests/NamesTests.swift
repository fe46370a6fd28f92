import OCI
import Testing

@testable import Engine

/// Names, signals, sizes, times and capabilities as users write them.
struct NamesTests {
    @Test(arguments: ["ab", "a1", "0_.-x", String(repeating: "a", count: 255)])
    func takesNames(name: String) { #expect(Names.isValid(name)) }

    @Test(arguments: ["", "a", "-a", ".a", "_a", "a/b", "a b", "ä1", "a\n", "..", String(repeating: "a", count: 256)])
    func refusesNames(name: String) { #expect(!Names.isValid(name)) }

    @Test func makesNamesThatAreTaken() {
        for attempt in 0..<100 { #expect(Names.isValid(Names.random(attempt: attempt))) }
    }

    private static let signals: [(text: String, number: Int32?)] = [
        ("TERM", 15), ("SIGTERM", 15), ("sigkill", 9), ("15", 15), ("RTMIN", 34), ("SIGRTMIN+3", 37), ("RTMAX-1", 63),
        ("RTMAX", 64), ("0", nil), ("65", nil), ("-1", nil), ("", nil), ("SIG", nil), ("RTMIN+31", nil),
        ("NONSENSE", nil),
    ]

    @Test(arguments: signals)
    func readsSignals(text: String, number: Int32?) { #expect(Signal.number(text) == number) }

    private static let now = Timestamp(seconds: 1_800_000_000)
    private static let times: [(text: String, time: Timestamp?)] = [
        ("1700000000", Timestamp(seconds: 1_700_000_000)),
        ("1700000000.5", Timestamp(seconds: 1_700_000_000, nanoseconds: 500_000_000)),
        ("1700000000.000000001", Timestamp(seconds: 1_700_000_000, nanoseconds: 1)),
        ("1h30m", Timestamp(seconds: 1_800_000_000 - 5400)), ("10s", Timestamp(seconds: 1_799_999_990)),
        ("2027-01-15", Timestamp("2027-01-15T00:00:00Z")), ("2027-01-15T08:00", Timestamp("2027-01-15T08:00:00Z")),
        ("2027-01-15T08:00:00.25Z", Timestamp("2027-01-15T08:00:00.25Z")),
        ("2027-01-15T08:00:00+02:00", Timestamp("2027-01-15T06:00:00Z")), ("", nil), ("yesterday", nil), ("1x", nil),
        ("1.2.3", nil), ("10", Timestamp(seconds: 10)),
    ]

    @Test(arguments: times)
    func readsTimes(text: String, time: Timestamp?) { #expect(Timestamp(filter: text, now: Self.now) == time) }

    @Test func readsCapabilities() {
        #expect(Capability.normalised("net_admin") == "CAP_NET_ADMIN")
        #expect(Capability.normalised("CAP_NET_ADMIN") == "CAP_NET_ADMIN")
        #expect(Capability.normalised("all") == "ALL")
        #expect(Capability.normalised("NONSENSE") == nil)
    }
}
