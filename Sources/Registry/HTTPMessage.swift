import Archive

/// What to ask of a server.
struct HTTPRequest {
    enum Body {
        case none
        case bytes([UInt8])
        /// `length` may be unknown.
        case source(any ByteSource, length: Int64?)
    }

    var method: String
    var url: String
    var headers: [(name: String, value: String)] = []
    var body = Body.none
    /// Takes the body of an answer that is none of an error, piece by piece; nil: it is kept, where it is small.
    var take: ((HTTPAnswer, UnsafeRawBufferPointer) throws -> Void)?

    init(_ method: String, _ url: String) {
        self.method = method
        self.url = url
    }
}

/// What a server answered; the last one's after redirections.
struct HTTPAnswer {
    var status = 0
    /// By name in lower case; several of one name are joined with commas.
    var headers: [String: String] = [:]
    /// What nobody took, cut at `longest`.
    var body: [UInt8] = []

    /// Manifests have 4 MiB at most, configurations of images 8.
    static let longest = 8 << 20

    var text: String { String(decoding: body, as: UTF8.self) }
}
