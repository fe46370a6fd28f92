import APIServer
import Archive
import Dispatch
import Engine
import GraphDrivers
import HTTPServer
import Launcher
import Linux
import Logging
import Metrics
import RemoteDriver
import Storage
import Synchronization
import SystemPackage

/// The daemon's life: everything that runs is made here, in order, and ended here.
enum Daemon {
    static let version = "0.1.0"

    /// What serves: the engine, Docker's API on it, and figures on an address of their own.
    struct Services: Sendable {
        let engine: Engine
        let api: Server
        let figures: Server

        func close(grace: Duration) async {
            await api.close(grace: grace)
            await figures.close(grace: .zero)
            await engine.closeNetworks()
        }
    }

    /// Serves until SIGTERM or SIGINT; throws where it can't start. Containers go on running.
    static func run(_ flags: DaemonFlags) throws {
        try Host.requireRoot()
        let settings = try Settings(flags)
        Host.prepareProcess()
        // Before there is a second thread: the environment changes, and none is to get the signals.
        settings.proxies.export()
        let passed = try PassedSockets.take()
        let manager = ServiceManager.take()
        let signals = Host.Signals()
        let threshold = LogThreshold(settings.logLevel)
        let log = startLogging(settings, threshold)
        let pidFile = try settings.pidFile.map(PIDFile.init)
        defer { pidFile?.remove() }
        let listening = try Listening(settings, log)
        let program = try PluginDrivers.start(settings, log)
        defer { program?.end() }
        let store = try openStore(settings, log)
        defer { store.close() }
        let services = try start(settings, store, log)
        try finish {
            do {
                try await services.engine.restore()
                try await listening.open(on: services.api, passed)
                try await listening.open(figuresOn: services.figures)
            } catch {
                await services.close(grace: .zero)
                throw error
            }
        }
        let reloading = Reloading(
            flags: flags,
            started: settings,
            engine: services.engine,
            threshold: threshold,
            log: log
        )
        try Serving(services: services, manager: manager, signals: signals, log: log).run(reloading)
    }

    /// Says whether the daemon could start with these flags and that file.
    static func validate(_ flags: DaemonFlags) throws {
        let settings = try Settings(flags)
        _ = try Listening(settings, startLogging(settings, LogThreshold(settings.logLevel)))
        Output.error("configuration OK")
    }

    private static func startLogging(_ settings: Settings, _ threshold: LogThreshold) -> Logger {
        let format = settings.logFormat
        LoggingSystem.bootstrap(
            { _, provider in LineLogHandler(threshold, format, provider) },
            metadataProvider: Logger.MetadataProvider { RequestID.current.map { ["request": "\($0)"] } ?? [:] }
        )
        let log = Logger(label: "varved")
        for key in settings.file.ignored {
            log.warning("a directive changes nothing here", metadata: ["key": "\(key)"])
        }
        if settings.file.liveRestore == false {
            log.warning("live-restore can't be switched off: containers always go on when the daemon ends")
        }
        return log
    }

    private static func openStore(_ settings: Settings, _ log: Logger) throws -> Store {
        if settings.remapping != nil {
            try Host.makeDataRoot(settings.dataRoot.removingLastComponent())
            try Host.refuseMapped(settings.dataRoot)
        }
        try Host.makeDataRoot(settings.dataRoot)
        let store = try Store(
            root: settings.dataRoot,
            driver: DriverChoice.choose(
                from: PluginDrivers.choices(settings),
                dataRoot: settings.dataRoot,
                requested: settings.driverByFlag,
                configured: settings.driverByFile,
                environment: Host.driverEnvironment,
                options: settings.driverOptions
            ),
            limits: settings.archiveLimits,
            log: log
        )
        log.info(
            "storage driver chosen",
            metadata: ["driver": "\(store.driver.name)", "data-root": "\(settings.dataRoot)"]
        )
        return store
    }

    private static func start(_ settings: Settings, _ store: Store, _ log: Logger) throws -> Services {
        let metrics = Metrics()
        let launcher = try Launcher(execRoot: settings.execRoot, runtime: try Host.runtime(), log: log)
        var own = EngineSettings(dataRoot: settings.dataRoot, execRoot: settings.execRoot, version: version)
        own.cgroupParent = settings.cgroupParent
        own.remapping = settings.remapping
        own.usesSELinux = settings.usesSELinux
        own.logConfig = settings.logConfig
        own.bridge = settings.bridge
        own.plugins = settings.plugins
        let engine = try Engine(
            settings: own,
            store: store,
            launcher: launcher,
            registry: RegistryAccess(settings.live.registry, dataRoot: settings.dataRoot, log: log),
            live: settings.live,
            metrics: metrics,
            log: log
        )
        let api = API.server(engine, metrics: metrics, log: log)
        ProcessMetrics.publish(on: metrics)
        return Services(engine: engine, api: api, figures: API.metricsServer(metrics, log: log))
    }

    /// Waits for asynchronous work, on the main thread only: everything else that the daemon does is elsewhere.
    static func finish(_ work: @escaping @Sendable () async throws -> Void) throws {
        let outcome = Outcome()
        let done = DispatchSemaphore(value: 0)
        Task {
            do { try await work() } catch { outcome.error.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let error = outcome.error.withLock({ $0 }) { throw error }
    }

    private final class Outcome: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }
}
