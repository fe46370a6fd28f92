import Testing

@testable import Engine

/// Go's `path.Match`, which `images --filter reference=…` takes.
struct PatternTests {
    private static let rules: [(pattern: String, text: String, expected: Bool)] = [
        ("busybox", "busybox", true), ("busy*", "busybox", true), ("*", "busybox", true), ("*", "a/b", false),
        ("*/b", "a/b", true), ("b?sybox", "busybox", true), ("?", "/", false), ("[a-c]x", "bx", true),
        ("[^a-c]x", "bx", false), ("[^a-c]x", "dx", true), (#"a\*"#, "a*", true), (#"a\*"#, "ab", false),
        ("a*b*c", "a-b-c", true), ("a*b*c", "a-b", false), ("", "", true), ("", "a", false), ("[a", "a", false),
        ("*:1.*", "busybox:1.37", true),
    ]

    @Test(arguments: rules)
    func matches(pattern: String, text: String, expected: Bool) {
        #expect(Pattern.matches(pattern, text) == expected)
    }

    /// Many stars must not take for ever.
    @Test(.timeLimit(.minutes(20)))
    func isNotSlowedDownByStars() {
        #expect(!Pattern.matches(String(repeating: "*a", count: 30), String(repeating: "a", count: 200) + "b"))
    }

    @Test func survivesALongPattern() {
        #expect(!Pattern.matches(String(repeating: "*", count: 1 << 20), "busybox"))
    }
}
