/// What a request is called in answers and logs.
package enum RequestID {
    static let header = "X-Request-Id"
    private static let longest = 64

    /// The request that is being answered, for whoever logs meanwhile.
    @TaskLocal package static var current: String?

    /// What the client chose, where that is a short plain word; else a new one.
    ///
    /// It is written into logs and headers, so nothing else of a client's is taken.
    static func choose(_ given: String?) -> String {
        if let given, isPlain(given) { return given }
        var generator = SystemRandomNumberGenerator()
        let text = String(generator.next() as UInt64, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    private static func isPlain(_ text: String) -> Bool {
        (1...longest).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
