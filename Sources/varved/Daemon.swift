import APIServer
import Archive
import Dispatch
import Engine
import GraphDrivers
import HTTPServer
import Launcher
import Linux
import Logging
import Storage
import Synchronization
import SystemPackage

/// The daemon's life: everything that runs is made here, in order, and ended here.
enum Daemon {
    static let version = "0.1.0"

    /// Serves until SIGTERM or SIGINT; throws where it can't start. Containers go on running.
    static func run(_ flags: DaemonFlags) throws {
        try Host.requireRoot()
        let settings = try Settings(flags)
        Host.prepareProcess()
        // Before there is a second thread, so that none gets them.
        let signals = Host.EndSignals()
        LoggingSystem.bootstrap { _ in LineLogHandler(level: settings.logLevel) }
        let log = Logger(label: "varved")
        let pidFile = try settings.pidFile.map(PIDFile.init)
        defer { pidFile?.remove() }
        let store = try openStore(settings, log)
        defer { store.close() }
        let server = try start(settings, store, log)
        let signal = signals.wait()
        log.info("ending; containers go on running", metadata: ["signal": "\(signal)"])
        try finish { await server.close() }
    }

    private static func openStore(_ settings: Settings, _ log: Logger) throws -> Store {
        try Host.makeDataRoot(settings.dataRoot)
        let store = try Store(
            root: settings.dataRoot,
            driver: DriverChoice.choose(
                from: drivers,
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
            metadata: ["driver": "\(type(of: store.driver).name)", "data-root": "\(settings.dataRoot)"]
        )
        return store
    }

    private static func start(_ settings: Settings, _ store: Store, _ log: Logger) throws -> Server {
        let launcher = try Launcher(execRoot: settings.execRoot, runtime: try Host.runtime(), log: log)
        let engine = try Engine(
            settings: EngineSettings(dataRoot: settings.dataRoot, execRoot: settings.execRoot, version: version),
            store: store,
            launcher: launcher,
            log: log
        )
        let server = API.server(engine, log: log)
        try finish {
            try await engine.restore()
            for path in settings.sockets {
                try makeFolders(FilePath(path).removingLastComponent(), mode: FilePermissions(rawValue: 0o755))
                try await server.listen(unix: path, group: settings.group)
                log.info("API listen on \(path)")
            }
        }
        return server
    }

    /// Waits for asynchronous work, on the main thread only: everything else that the daemon does is elsewhere.
    private static func finish(_ work: @escaping @Sendable () async throws -> Void) throws {
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
