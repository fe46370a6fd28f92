/// An OCI bundle's `config.json` (runtime-spec 1.2, `config.md`): what a runtime shall start.
package struct RuntimeSpec: Codable, Sendable, Equatable {
    package var ociVersion: String = "1.2.0"
    /// Nil only where a bundle is never started.
    package var process: RuntimeProcess?
    package var root: RuntimeRoot?
    package var hostname: String?
    package var domainname: String?
    /// In the order in which they are made.
    package var mounts: [RuntimeMount]?
    package var hooks: RuntimeHooks?
    package var annotations: [String: String]?
    package var linux: RuntimeLinux?

    package init() {}
}

/// The tree that becomes `/`.
package struct RuntimeRoot: Codable, Sendable, Equatable {
    /// Absolute, or relative to the bundle.
    package var path: String
    package var readonly: Bool?

    package init(path: String) {
        self.path = path
    }
}

/// One mount, as `mount(8)` would be told.
package struct RuntimeMount: Codable, Sendable, Equatable {
    /// Absolute, in the container.
    package var destination: String
    package var type: String?
    package var source: String?
    package var options: [String]?
    /// The ids under which files are shown that are others on the disk; both or none.
    package var uidMappings: [RuntimeIDMapping]?
    package var gidMappings: [RuntimeIDMapping]?

    /// What an option of Varve's own begins with: the part of a bind mount's source that is mounted, found within it
    /// whatever links it holds.
    package static let subpath = "varve.subpath="
    /// Another: `rro` must hold for what is mounted below, or the mount fails.
    package static let readOnlyBelow = "varve.read-only-below"

    /// A third: the file of the mount namespace in which a bind mount's source is found, as a mount of its own.
    package static let found = "varve.found-in="

    package init(destination: String) {
        self.destination = destination
    }
}

/// A program that is run at one step of a container's life.
package struct RuntimeHook: Codable, Sendable, Equatable {
    package var path: String
    package var args: [String]?
    package var env: [String]?
    /// Seconds.
    package var timeout: Int?

    package init(path: String) {
        self.path = path
    }
}

/// Programs that are run at the steps of a container's life.
package struct RuntimeHooks: Codable, Sendable, Equatable {
    package var prestart: [RuntimeHook]?
    package var createRuntime: [RuntimeHook]?
    package var createContainer: [RuntimeHook]?
    package var startContainer: [RuntimeHook]?
    package var poststart: [RuntimeHook]?
    package var poststop: [RuntimeHook]?

    package init() {}
}
