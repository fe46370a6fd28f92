/// The keys that leave a process with a terminal running: `ctrl-p,ctrl-q`, or what somebody chose.
package struct DetachKeys: Sendable {
    /// Why a text names no keys.
    package struct Invalid: Error { package let key: String }

    /// As they were named; empty for Docker's.
    package let text: String
    private let keys: [UInt8]
    private var matched = 0

    /// Characters and `ctrl-` with one of `a`–`z @ [ \ ] ^ _`, divided by commas; empty: Docker's.
    package init(_ text: String) throws(Invalid) {
        var keys: [UInt8] = []
        for key in (text.isEmpty ? "ctrl-p,ctrl-q" : text).split(separator: ",", omittingEmptySubsequences: false) {
            guard let byte = Self.byte(of: key) else { throw Invalid(key: String(key)) }
            keys.append(byte)
        }
        (self.keys, self.text) = (keys, text)
    }

    private static func byte(of key: Substring) -> UInt8? {
        if key.utf8.count == 1 { return key.utf8.first }
        guard key.hasPrefix("ctrl-"), key.utf8.count == 6, let letter = key.utf8.last else { return nil }
        switch letter {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return letter & 0x1f
        case UInt8(ascii: "@"), UInt8(ascii: "[")...UInt8(ascii: "_"): return letter & 0x1f
        default: return nil
        }
    }

    /// What of `bytes` goes to the process, and whether the keys are complete: what comes after them goes to nobody.
    ///
    /// A part of the keys is held back until the next byte tells whether it is one.
    package mutating func filter(_ bytes: some Sequence<UInt8>) -> (passed: [UInt8], isEnd: Bool) {
        guard matched < keys.count else { return ([], true) }
        var passed: [UInt8] = []
        for byte in bytes {
            if byte == keys[matched] {
                matched += 1
                if matched == keys.count { return (passed, true) }
            } else {
                passed += keys.prefix(matched)
                matched = byte == keys[0] ? 1 : 0
                if matched == 0 { passed.append(byte) }
            }
        }
        return (passed, false)
    }
}
