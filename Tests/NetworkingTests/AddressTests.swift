import Linux
import Testing

@testable import Networking

private func range(_ text: String) throws -> AddressRange { try #require(AddressRange(text)) }
private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

@Suite struct AddressBookTests {
    @Test func givesAddressesInTurnAndNotAtOnceAgain() throws {
        var book = AddressBook(try range("10.1.0.0/29"), range: nil, reserved: [try address("10.1.0.1")])
        #expect(try book.take().description == "10.1.0.2")
        #expect(try book.take().description == "10.1.0.3")
        book.giveBack(try address("10.1.0.2"))
        #expect(try book.take().description == "10.1.0.4")
        #expect(try book.take().description == "10.1.0.5")
        #expect(try book.take().description == "10.1.0.6")
        // .0 is the network's, .7 is for all, .1 the gateway.
        #expect(try book.take().description == "10.1.0.2")
        #expect(throws: NetworkError.noAddress("10.1.0.0/29")) { try book.take() }
    }

    @Test func holdsToItsPart() throws {
        var book = AddressBook(try range("10.1.0.0/16"), range: try range("10.1.4.0/30"), reserved: [])
        #expect(try (0..<4).map { _ in try book.take().description }.sorted().first == "10.1.4.0")
        #expect(throws: NetworkError.noAddress("10.1.4.0/30")) { try book.take() }
        try book.take(try address("10.1.9.9"))
        #expect(throws: NetworkError.addressInUse("10.1.9.9")) { try book.take(try address("10.1.9.9")) }
        #expect(throws: NetworkError.noAddress("10.1.0.0/16")) { try book.take(try address("10.2.0.1")) }
    }

    @Test(arguments: [("10.1.0.0/31", 2), ("10.1.0.4/32", 1), ("fd00::/127", 2), ("fd00::4/128", 1)])
    func usesSmallRangesWhole(_ text: String, _ count: Int) throws {
        var book = AddressBook(try range(text), range: nil, reserved: [])
        for _ in 0..<count { _ = try book.take() }
        #expect(throws: NetworkError.self) { try book.take() }
    }

    @Test func countsOnInLargeRanges() throws {
        var book = AddressBook(try range("fd00::/64"), range: nil, reserved: [try address("fd00::1")])
        #expect(try book.take().description == "fd00::2")
        try book.take(try address("fd00::3"))
        #expect(try book.take().description == "fd00::4")
    }
}

@Suite struct SubnetPoolTests {
    @Test func takesTheFirstThatNobodyHas() throws {
        let taken = [try range("172.17.0.0/16"), try range("172.18.4.0/24"), try range("172.20.0.0/15")]
        #expect(try SubnetPool.free(in: SubnetPool.standard, without: taken).description == "172.19.0.0/16")
        let more = taken + [try range("172.19.0.0/16")]
        #expect(try SubnetPool.free(in: SubnetPool.standard, without: more).description == "172.22.0.0/16")
        let all = [try range("172.16.0.0/12")]
        #expect(try SubnetPool.free(in: SubnetPool.standard, without: all).description == "192.168.0.0/20")
        #expect(throws: NetworkError.noSubnet) {
            try SubnetPool.free(in: SubnetPool.standard, without: all + [try range("192.168.0.0/16")])
        }
    }

    @Test func countsThroughAPool() throws {
        let pool = SubnetPool(try range("10.9.0.0/16"), size: 24)
        let taken = try (0..<255).map { try range("10.9.\($0).0/24") }
        #expect(try SubnetPool.free(in: [pool], without: taken).description == "10.9.255.0/24")
    }

    @Test func partsOfARange() throws {
        #expect(try range("10.0.0.0/8").part(3, bits: 16)?.description == "10.3.0.0/16")
        #expect(try range("10.0.0.0/8").part(256, bits: 16) == nil)
        #expect(try range("10.0.0.0/8").part(0, bits: 4) == nil)
        #expect(try range("fd00::/48").part(5, bits: 64)?.description == "fd00:0:0:5::/64")
        #expect(try IPAddress(bytes: range("10.1.0.0/23").last).description == "10.1.1.255")
    }
}
