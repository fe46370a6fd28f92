import OCI
import Testing

@testable import Engine

@Suite struct SubordinateIDsTests {
    private func ranges(_ text: String) throws -> [SubordinateIDs.Range] {
        try SubordinateIDs.ranges(of: "user", 1001, in: text, file: "/etc/subuid")
    }

    private typealias Range = SubordinateIDs.Range

    @Test func takesTheUsersLines() throws {
        let text = "other:1:2\nuser:100000:65536\n# user:5:6\n\nuser:300000:10\n"
        #expect(try ranges(text) == [Range(start: 100_000, count: 65536), Range(start: 300_000, count: 10)])
    }

    @Test func takesThoseByNumberBeforeThoseByName() throws {
        #expect(try ranges("user:100000:65536\n1001:200000:65536") == [Range(start: 200_000, count: 65536)])
    }

    @Test func minglesNoUsers() throws {
        #expect(throws: EngineError.self) { try ranges("user2:100000:65536\nuse:1:65536\n10011:1:65536") }
    }

    @Test func passesOverSpacesAndOthersMistakes() throws {
        let text = "other:x\n:::\n\u{0}\nuser : 100000\t:65536\r\nuser:7:0"
        #expect(try ranges(text) == [Range(start: 100_000, count: 65536)])
    }

    @Test(arguments: [
        "", "user", "user:1", "user:1:2:3", "user:a:65536", "user:1:-65536", "user:-1:65536", "user:1:99999999999",
        "user:4294967295:65536", "user:4294901760:65536", "user:0:65536", "user:100000:65535", "user:+1:x",
        "user:100000:65536\nuser:165535:5", "user:165535:65536\nuser:100000:65536", "user:100000:0",
    ])
    func refuses(_ text: String) throws {
        #expect(throws: EngineError.self) { try ranges(text) }
    }

    @Test func refusesMoreRangesThanTheKernelTakes() throws {
        let lines = (1...341).map { "user:\($0 * 1000):999" }.joined(separator: "\n")
        #expect(throws: EngineError.self) { try ranges(lines) }
        let fewer = (1...340).map { "user:\($0 * 1000):999" }.joined(separator: "\n")
        #expect(try ranges(fewer).count == 340)
    }

    @Test func saysWhatToDo() throws {
        let error = #expect(throws: EngineError.self) { try ranges("user:100000:10") }
        #expect("\(try #require(error))".contains("10 ids for user, images need 65536"))
        #expect("\(try #require(error))".contains(">>/etc/subuid"))
    }

    @Test func mapsRangesOneAfterTheOther() {
        let remapping = Remapping(
            user: "user",
            uids: [Range(start: 100_000, count: 65530), Range(start: 500_000, count: 10)],
            gids: [Range(start: 200_000, count: 65536)]
        )
        #expect(remapping.uids.map(\.containerID) == [0, 65530])
        #expect(remapping.uids.map(\.hostID) == [100_000, 500_000])
        #expect(remapping.folder == "100000.200000")
    }
}
