/// A driver's own name for a layer.
///
/// It is 64 hex digits, perhaps with `-init` after them, or what other engines chose
/// (25 letters and digits of BuildKit). Never empty, never with a `/`, never `.` or `..`.
public struct LayerID: Sendable, Hashable, CustomStringConvertible {
    /// The name, safe to be a file's name.
    public let description: String

    /// Nil where `text` could not be a file's name.
    public init?(_ text: some StringProtocol) {
        let isName = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
        guard isName, !text.isEmpty, text.utf8.count <= 128, !text.hasPrefix(".") else { return nil }
        description = String(text)
    }
}
