import DockerAPI
package import Launcher
import Linux
package import Logging
import OCI
package import Storage
package import SystemPackage

/// Where the engine keeps things, and what it says of itself.
package struct EngineSettings: Sendable {
    package var dataRoot: FilePath
    package var execRoot: FilePath
    package var version: String

    package init(dataRoot: FilePath, execRoot: FilePath, version: String) {
        self.dataRoot = dataRoot
        self.execRoot = execRoot
        self.version = version
    }
}

/// Containers and images, and every verb on them: one file a verb, each an extension of this.
///
/// It holds the services and no state of its own.
package final class Engine: Sendable {
    package let settings: EngineSettings
    package let store: Store
    package let events = Events()
    let launcher: Launcher
    let containers = Containers()
    let execs = Execs()
    let pool = BlockingPool()
    let log: Logger

    package init(settings: EngineSettings, store: Store, launcher: Launcher, log: Logger) throws {
        self.settings = settings
        self.store = store
        self.launcher = launcher
        self.log = log
        try makeFolders(containersFolder, mode: FilePermissions(rawValue: 0o710))
        try makeFolders(pendingFolder, mode: FilePermissions(rawValue: 0o700))
        try makeFolders(settings.execRoot, mode: FilePermissions(rawValue: 0o711))
    }

    var containersFolder: FilePath { settings.dataRoot.appending("containers") }

    /// `varve/pending/<id>`: a container in the middle of being made or removed; what is found there at start is removed.
    var pendingFolder: FilePath { settings.dataRoot.appending("varve").appending("pending") }

    /// The container with that name or ID.
    package func container(_ name: String) throws -> Container { try containers.find(name) }

    /// Tells of something that happened to a container.
    func emit(_ action: String, _ record: ContainerRecord, _ more: [String: String] = [:]) {
        var attributes = record.config.labels ?? [:]
        attributes["image"] = record.config.image
        attributes["name"] = record.plainName
        attributes.merge(more) { $1 }
        events.emit("container", action, id: record.id, attributes: attributes)
    }
}
