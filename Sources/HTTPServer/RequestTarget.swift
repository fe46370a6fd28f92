/// What a request asks for: `/v1.44/images/json?all=1`, in its parts, still percent-encoded.
struct RequestTarget {
    let version: APIVersion?
    let path: Substring
    let query: Substring

    init(_ text: String) {
        let mark = text.firstIndex(of: "?") ?? text.endIndex
        query = mark == text.endIndex ? "" : text[text.index(after: mark)...]
        (version, path) = Self.split(text[..<mark])
    }

    /// Takes `/v1.44` off the front.
    private static func split(_ path: Substring) -> (APIVersion?, Substring) {
        guard path.hasPrefix("/v") else { return (nil, path) }
        let end = path.dropFirst().firstIndex(of: "/") ?? path.endIndex
        guard let version = APIVersion(path[path.index(path.startIndex, offsetBy: 2)..<end]) else { return (nil, path) }
        return (version, path[end...])
    }
}
