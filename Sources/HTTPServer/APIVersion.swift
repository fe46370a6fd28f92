/// The version of the API that a request speaks: the `1.44` of `/v1.44/containers/json`.
package struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    /// What a path without a version speaks, and the newest one served.
    package static let newest = APIVersion(1, 50)
    package static let oldest = APIVersion(1, 24)

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `1.44`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, let major = Int(first), parts.count <= 2 else { return nil }
        guard let minor = parts.count == 2 ? Int(parts[1]) : 0 else { return nil }
        self.init(major, minor)
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
