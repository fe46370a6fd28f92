import PluginProtocol
import Testing

@testable import RemoteDriver

@Suite struct ChangeListTests {
    private func read(_ text: String) throws -> ChangeList {
        var list = ChangeList()
        for byte in text.utf8 { try list.take(byte) }
        return list
    }

    @Test("a list is taken out of the answer, whatever its strings hold")
    func list() throws {
        let found = try read(#"{"Changes": [{"Path":"/a]}\",[{","Kind":1}, {"Path":"/b\\","Kind":2}],"Err":""}"#)
        #expect(found.changes == [.init(path: "/a]}\",[{", kind: 1), .init(path: #"/b\"#, kind: 2)])
        #expect(String(decoding: found.rest, as: UTF8.self) == #"{"Changes": [],"Err":""}"#)
    }

    @Test("other lists and objects of the answer are not taken for it")
    func besides() throws {
        let text = #"{"Status":[["a","b"]],"Capabilities":{"ReproducesExactDiffs":false},"Metadata":{"k":"v"}"#
        let found = try read(text + #","Changes" : [{"Path":"/a","Kind":1}],"More":[{}]}"#)
        #expect(found.changes == [.init(path: "/a", kind: 1)])
        #expect(String(decoding: found.rest, as: UTF8.self) == text + #","Changes" : [],"More":[{}]}"#)
    }

    @Test("a list of megabytes is decoded in pieces, none of which is lost")
    func pieces() throws {
        let path = "/" + String(repeating: "x", count: 1000)
        let entries = (0..<5000).map { #"{"Path":"\#(path)\#($0)","Kind":1}"# }
        let found = try read(#"{"Changes":[\#(entries.joined(separator: ","))]}"#)
        #expect(found.changes.count == 5000)
        #expect(found.changes.enumerated().allSatisfy { $0.element.path == "\(path)\($0.offset)" })
        #expect(String(decoding: found.rest, as: UTF8.self) == #"{"Changes":[]}"#)
    }

    @Test(
        "no list, an empty one, and an error are left as they are",
        arguments: [
            #"{"Changes":null}"#, #"{"Changes":[]}"#, #"{"Err":"no [such] {layer}"}"#, "{}", "",
        ]
    )
    func others(_ text: String) throws {
        let found = try read(text)
        #expect(found.changes.isEmpty)
        #expect(String(decoding: found.rest, as: UTF8.self) == text)
    }

    @Test("an entry that is no change is refused")
    func garbage() {
        #expect(throws: DecodingError.self) { try self.read(#"{"Changes":[{"Path":7}]}"#) }
    }
}
