import OCI
import Testing

@testable import Engine

struct FiltersTests {
    @Test func whatWasMadeInTheSameSecondBeforeIsPruned() throws {
        let filter = try PruneFilter(["until": ["1700000000.5"]])
        #expect(filter.takes([:], created: "2023-11-14T22:13:20.499999999Z"))
        #expect(!filter.takes([:], created: "2023-11-14T22:13:20.5Z"))
        #expect(!filter.takes([:], created: "2023-11-14T22:13:21Z"))
    }

    @Test(arguments: [["until": ["1", "2"]], ["until": ["nonsense"]], ["until": [""]]])
    func whatIsNoTimeIsRefused(filters: [String: [String]]) {
        #expect(throws: EngineError.self) { try PruneFilter(filters) }
    }

    @Test func truthIsWrittenInGosWays() throws {
        for text in ["true", "True", "1", "t"] { #expect(try ["a": [text]].boolean("a") == true) }
        for text in ["false", "FALSE", "0", "f"] { #expect(try ["a": [text]].boolean("a") == false) }
        #expect(try ["a": ["true"]].boolean("b") == nil)
        #expect(throws: EngineError.self) { try ["a": ["perhaps"]].boolean("a") }
    }
}
