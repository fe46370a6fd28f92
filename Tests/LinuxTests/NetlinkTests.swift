import CLinux
import Glibc
import Testing

@testable import Linux

@Suite struct NetlinkTests {
    @Test func attributesAreAlignedAndNested() {
        var message = NetlinkMessage("x", 16)
        message.link(index: 7)
        message.add(3, "abc")
        message.nest(18) { $0.add(1, [9]) }
        let bytes = message.numbered(5, acknowledged: true)
        #expect(bytes.count == 16 + 16 + 8 + 12 && bytes[0] == 52 && bytes[8] == 5 && bytes[6] == 5)
        let answer = NetlinkAnswer(type: 16, number: 5, body: Array(bytes.dropFirst(16)))
        #expect(answer.number(at: 4) == 7)
        let attributes = answer.attributes(after: 16)
        #expect(attributes[3] == Array("abc".utf8) + [0])
        #expect(NetlinkAnswer.attributes(attributes[18] ?? []) == [1: [9]])
    }

    /// A kernel does not send such; a length that lies must not be a trap.
    @Test(arguments: [[2, 0, 1, 0], [200, 0, 1, 0, 1, 2], [0, 0, 0, 0], [4], [5, 0, 1, 0]] as [[UInt8]])
    func attributesThatLie(_ bytes: [UInt8]) {
        #expect(NetlinkAnswer.attributes(bytes).isEmpty)
        #expect(NetlinkAnswer(type: 0, number: 0, body: bytes).number(at: 20) == 0)
    }

    @Test func theKernelAnswers() throws {
        let socket = try NetlinkSocket()
        var request = NetlinkMessage("list", Int(LINUX_RTM_GETLINK), flags: Int(LINUX_NLM_DUMP))
        request.link()
        let names = try socket.list(request).compactMap { $0.attributes(after: 16)[Int(LINUX_IFLA_IFNAME)] }
        #expect(names.contains(Array("lo".utf8) + [0]))
        var wrong = NetlinkMessage("look for one that is not there", Int(LINUX_RTM_SETLINK))
        wrong.link(index: 0x7fff_0000)
        #expect(throws: SystemError.self) { try socket.send([wrong]) }
        // What came before and after it can still be asked.
        #expect(try !socket.list(request).isEmpty)
    }

    @Test(arguments: [("10.0.0.255", "10.0.1.0"), ("255.255.255.255", "0.0.0.0"), ("fd00::ffff", "fd00::1:0")])
    func addressesCount(_ text: String, _ next: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.next.description == next)
    }

    @Test func whatAddressesAre() throws {
        #expect(try #require(IPAddress("127.3.2.1")).isLoopback && #require(IPAddress("::1")).isLoopback)
        #expect(try !#require(IPAddress("::")).isLoopback && #require(IPAddress("::")).isAny)
        #expect(IPAddress("10.0.0.1/8") == nil && IPAddress("") == nil && IPAddress("10.0.0") == nil)
    }
}
