import CNI
import Cgroups
package import DockerAPI
package import Launcher
import Linux
package import Logging
package import Metrics
import OCI
package import Storage
import Synchronization
package import SystemPackage

/// Where the engine keeps things, and what it says of itself.
package struct EngineSettings: Sendable {
    package var dataRoot: FilePath
    package var execRoot: FilePath
    package var version: String
    /// The control group for those of containers whose users name none; empty: `/varve`.
    package var cgroupParent = ""
    package var bridge = BridgeSettings()
    package var plugins = PluginSettings()
    /// The ids that containers have; nil: the host's.
    package var remapping: Remapping?
    /// Whether containers have SELinux contexts of their own, where the kernel has SELinux.
    package var usesSELinux = false
    /// Where the output of containers goes that name no log driver of their own.
    package var logConfig: LogConfig

    package init(dataRoot: FilePath, execRoot: FilePath, version: String) {
        self.dataRoot = dataRoot
        self.execRoot = execRoot
        self.version = version
        logConfig = LogConfig()
        logConfig.type = "json-file"
    }
}

/// Containers and images, and every verb on them: one file a verb, each an extension of this.
///
/// It holds the services and no state of its own.
package final class Engine: Sendable {
    package let settings: EngineSettings
    package let store: Store
    package let events: Events
    let launcher: Launcher
    let containers = Containers()
    let execs = Execs()
    let volumes: VolumeStore
    let networks: NetworkStore
    let service: NetworkService
    let linkers = Linkers()
    let lists: PluginLists
    let records: PluginRecords
    let networkTurns = Turns()
    let registry: RegistryAccess
    let pool = BlockingPool()
    private let hierarchies: Hierarchies
    /// Which limits this host can hold.
    let support: LimitSupport
    let folderWatches = FolderWatches()
    let filters = SeccompFilters()
    /// Nil: containers have no SELinux contexts.
    let selinux: SELinux?
    let log: Logger
    let metrics: EngineMetrics
    let live: Mutex<LiveSettings>

    package init(
        settings: EngineSettings,
        store: Store,
        launcher: Launcher,
        registry: RegistryAccess,
        live: LiveSettings = LiveSettings(),
        metrics: Metrics = Metrics(),
        log: Logger
    ) throws {
        self.settings = settings
        self.store = store
        self.launcher = launcher
        self.registry = registry
        self.log = log
        hierarchies = try Hierarchies()
        support = hierarchies.support
        selinux = try SELinux.ofHost(settings.usesSELinux, log)
        self.metrics = EngineMetrics(metrics)
        self.live = Mutex(live)
        events = Events(self.metrics.events)
        volumes = try VolumeStore(dataRoot: settings.dataRoot)
        networks = try NetworkStore(dataRoot: settings.dataRoot)
        service = try NetworkService(
            settings.bridge,
            dataRoot: settings.dataRoot,
            execRoot: settings.execRoot,
            networks: networks
        )
        lists = PluginLists(settings.plugins.lists, networks)
        records = try PluginRecords(
            Plugins(folders: settings.plugins.programs),
            dataRoot: settings.dataRoot,
            execRoot: settings.execRoot
        )
        for damage in networks.damages { log.warning("\(damage)") }
        try makeFolders(containersFolder, mode: FilePermissions(rawValue: 0o710))
        try makeFolders(pendingFolder, mode: FilePermissions(rawValue: 0o700))
        try makeFolders(settings.execRoot, mode: FilePermissions(rawValue: 0o711))
        publish(on: metrics)
    }

    var containersFolder: FilePath { settings.dataRoot.appending("containers") }

    /// `varve/pending/<id>`: a container in the middle of being made or removed; what is found there at start is removed.
    var pendingFolder: FilePath { settings.dataRoot.appending("varve").appending("pending") }

    /// The container with that name or ID.
    package func container(_ name: String) throws -> Container { try containers.find(name) }

    /// The container's control groups.
    func controlGroup(of container: Container) async throws -> ControlGroup {
        try ControlGroup(Spec.groups(container.id, await container.host), in: hierarchies)
    }

    /// 1 or 2; nil: this host has no control groups.
    var cgroupVersion: Int? { hierarchies.version }

    /// Tells of something that happened to a container.
    func emit(_ action: String, _ record: ContainerRecord, _ more: [String: String] = [:]) {
        var attributes = record.config.labels ?? [:]
        attributes["image"] = record.config.image
        attributes["name"] = record.plainName
        attributes.merge(more) { $1 }
        events.emit("container", action, id: record.id, attributes: attributes)
    }
}
