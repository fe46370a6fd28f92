import DockerAPI
import Testing

@Suite("The keys with which a client leaves a process")
struct DetachKeysTests {
    @Test(
        "what of several pieces goes to the process",
        arguments: [
            ("", ["ab", "\u{10}", "\u{11}c"], "ab", true), ("", ["\u{10}\u{10}\u{11}"], "\u{10}", true),
            ("", ["a\u{10}"], "a", false), ("", ["\u{10}", "b"], "\u{10}b", false), ("q", ["abq", "c"], "ab", true),
            ("ctrl-@,ctrl-_", ["x\u{0}\u{1f}"], "x", true), ("a,b,c", ["abab", "c"], "ab", true),
            ("ctrl-[,ctrl-\\,ctrl-],ctrl-^", ["\u{1b}\u{1c}\u{1d}\u{1e}"], "", true),
        ]
    )
    func filters(_ keys: String, _ typed: [String], _ passed: String, _ isLeft: Bool) throws {
        var keys = try DetachKeys(keys)
        var (seen, ended) = ([UInt8](), false)
        // Also what comes after the end, which goes to nobody.
        for piece in typed + (isLeft ? ["more"] : []) {
            let (bytes, isEnd) = keys.filter(piece.utf8)
            seen += bytes
            ended = ended || isEnd
        }
        #expect(String(decoding: seen, as: UTF8.self) == passed)
        #expect(ended == isLeft)
    }

    @Test("what is no key is refused", arguments: ["ctrl-", "ctrl-A", "ctrl-pp", "p,,q", "ctrl-é", "shift-a", ","])
    func refuses(_ keys: String) {
        #expect(throws: DetachKeys.Invalid.self) { try DetachKeys(keys) }
    }
}
