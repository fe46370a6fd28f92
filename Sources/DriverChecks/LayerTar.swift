/// A layer tar made by hand: ustar members, names below 100 bytes.
struct LayerTar {
    private(set) var bytes: [UInt8] = []

    mutating func file(_ name: String, _ content: String = "") { member(name, "0", Array(content.utf8)) }
    mutating func folder(_ name: String) { member(name + "/", "5", mode: 0o755) }
    mutating func link(_ name: String, to target: String) { member(name, "2", target: target) }
    mutating func hardLink(_ name: String, to target: String) { member(name, "1", target: target) }
    /// `count` bytes that no file system can leave out.
    mutating func filled(_ name: String, _ count: Int) {
        let block = (0..<4093).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
        var content: [UInt8] = []
        content.reserveCapacity(count + block.count)
        while content.count < count { content += block }
        member(name, "0", Array(content.prefix(count)))
    }

    /// The archive with its end.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    private mutating func member(
        _ name: String,
        _ type: Character,
        _ content: [UInt8] = [],
        mode: Int = 0o644,
        target: String = ""
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at start: Int) { for (i, byte) in text.utf8.enumerated() { header[start + i] = byte } }
        func octal(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        put(name, at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(content.count, 11), at: 124)
        put(octal(1_700_000_000, 11), at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put(target, at: 157)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0}", at: 148)
        bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
