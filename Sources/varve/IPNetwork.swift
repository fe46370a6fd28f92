import Glibc

/// An IP network: `10.20.0.0/16`, `fd00::/64`.
struct IPNetwork {
    private let bytes: [UInt8]
    private let length: Int

    /// Nil for what is none.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let bytes = Self.address(parts[0]), let length = Int(parts[1]),
            (0...bytes.count * 8).contains(length)
        else { return nil }
        (self.bytes, self.length) = (bytes, length)
    }

    func contains(_ text: String) -> Bool {
        guard let address = Self.address(text), address.count == bytes.count else { return false }
        return (0..<length).allSatisfy { bit in
            (address[bit / 8] ^ bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }

    /// The bytes of an address; nil for what is none.
    static func address(_ text: String) -> [UInt8]? {
        for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: size)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }
}
