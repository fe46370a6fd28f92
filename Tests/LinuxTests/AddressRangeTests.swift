import Linux
import Testing

struct AddressRangeTests {
    @Test func reads() throws {
        let range = try #require(AddressRange("10.1.2.3/12"))
        #expect(range.description == "10.0.0.0/12" && !range.isPlain && !range.isIPv6)
        #expect(try #require(AddressRange("fd00::/7")).description == "fc00::/7")
        #expect(try #require(AddressRange("0.0.0.0/0")).contains([1, 2, 3, 4]))
    }

    @Test(arguments: ["", "/", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "x/8", "::/129"])
    func refuses(text: String) { #expect(AddressRange(text) == nil) }

    @Test func containsAndOverlaps() throws {
        let range = try #require(AddressRange("10.1.0.0/17"))
        #expect(range.contains([10, 1, 127, 255]) && !range.contains([10, 1, 128, 0]))
        #expect(!range.contains(Array(repeating: 10, count: 16)), "other lengths are other families")
        #expect(range.overlaps(try #require(AddressRange("10.0.0.0/8"))))
        #expect(try #require(AddressRange("10.0.0.0/8")).overlaps(range))
        #expect(!range.overlaps(try #require(AddressRange("10.1.128.0/17"))))
    }
}
