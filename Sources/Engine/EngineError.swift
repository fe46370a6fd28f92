/// Why the engine would not do what it was asked, in the words that Docker's clients match on.
package struct EngineError: Error, Equatable, CustomStringConvertible {
    /// What a caller can do about it; the API turns each into a status.
    package enum Kind: Sendable {
        case invalid, unauthorized, forbidden, notFound, conflict, notModified, unsupported, failed
    }

    package let kind: Kind
    /// What was asked, on which object, why it failed, what to do.
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}

extension EngineError {
    static func noSuchContainer(_ name: String) -> Self { Self(.notFound, "No such container: \(name)") }
    static func noSuchExec(_ id: String) -> Self { Self(.notFound, "No such exec instance: \(id)") }
    static func ambiguous(_ prefix: String) -> Self {
        Self(.invalid, "multiple IDs found with provided prefix: \(prefix)")
    }
    static func badName(_ name: String) -> Self {
        Self(.invalid, "Invalid container name (\(name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    }
    static func nameTaken(_ name: String, by id: String) -> Self {
        Self(
            .conflict,
            "Conflict. The container name \"/\(name)\" is already in use by container \"\(id)\". "
                + "You have to remove (or rename) that container to be able to reuse that name."
        )
    }
    static func notRunning(_ id: String) -> Self { Self(.conflict, "container \(id) is not running") }
    static func alreadyRunning(_ id: String) -> Self { Self(.notModified, "container \(id) is already running") }
    static func isRestarting(_ id: String) -> Self {
        Self(.conflict, "Container \(id) is restarting, wait until the container is running")
    }
    static func removeRestarting(_ name: String) -> Self {
        Self(
            .conflict,
            "cannot remove container \"\(name)\": container is restarting: "
                + "stop the container before removing or force remove"
        )
    }
    static func removalInProgress(_ id: String) -> Self {
        Self(.conflict, "removal of container \(id) is already in progress")
    }
    static func removeRunning(_ name: String) -> Self {
        Self(
            .conflict,
            "cannot remove container \"\(name)\": container is running: "
                + "stop the container before removing or force remove"
        )
    }
    static let layerMissing = Self(.failed, "its layer is not there")
    static let noCommand = Self(.invalid, "no command specified")
}
