/// A request as a handler sees it: routed, its path decoded, its body still on the way.
package struct Request: Sendable {
    package let method: String
    /// The path without its version, decoded: `/images/a/b:1/json`.
    package let path: String
    package let apiVersion: APIVersion
    /// What the route's `{name}`s stand for.
    package let parameters: [String: String]
    package let query: Query
    package let headers: Headers
    package let body: RequestBody

    /// Whether the client asked for `Upgrade: tcp`; a hijack then answers 101, otherwise 200.
    package var wantsUpgrade: Bool { headers["Upgrade"] != nil }
}
