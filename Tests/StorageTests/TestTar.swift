/// A tar written by hand, header by header: nothing here goes through the code that is tested.
struct TestTar {
    private(set) var bytes: [UInt8] = []

    mutating func add(
        _ name: String,
        _ content: String = "",
        type: Character = "0",
        link: String = "",
        mode: Int = 0o644
    ) {
        add(name, Array(content.utf8), type: type, link: link, mode: mode)
    }

    mutating func add(_ name: String, _ content: [UInt8], type: Character = "0", link: String = "", mode: Int = 0o644) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        func octal(_ number: Int, _ width: Int) -> String {
            let digits = String(number, radix: 8)
            return String(repeating: "0", count: width - digits.utf8.count) + digits
        }
        put(name, at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(content.count, 11), at: 124)
        put(octal(1_700_000_000, 11), at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put(link, at: 157)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
        bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func folder(_ name: String, mode: Int = 0o755) { add(name + "/", type: "5", mode: mode) }

    /// The whole archive, with the two empty blocks at its end.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
