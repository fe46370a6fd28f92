/// Something in the data root that is not as it was left; the store goes on without it.
package struct Damage: Sendable, Equatable, CustomStringConvertible {
    /// What it is: `layer sha256:…`, `image sha256:…`, `container layer …`, `repositories.json`.
    package let object: String
    /// What is wrong with it.
    package let reason: String
    /// What to do about it.
    package let remedy: String

    /// Object, reason and remedy in one line.
    package var description: String { "\(object): \(reason); \(remedy)" }
}
