import Engine
import Logging

/// Reads the configuration file again when the daemon is told to, and applies what may change while it runs.
struct Reloading {
    let flags: DaemonFlags
    /// As the daemon started; what can't change now is compared with this.
    let started: Settings
    let engine: Engine
    let threshold: LogThreshold
    let log: Logger

    /// A file that can't be used leaves everything as it is.
    func run() -> LiveSettings? {
        let new: Settings
        do { new = try Settings(flags) } catch {
            log.error("the configuration was not reloaded, the old one goes on", metadata: ["error": "\(error)"])
            return nil
        }
        let changes = ConfigKeys.changes(from: started.file.values, to: new.file.values)
        if !changes.others.isEmpty {
            log.warning(
                "these settings count when the daemon starts again",
                metadata: ["keys": "\(changes.others.joined(separator: ","))"]
            )
        }
        threshold.level = new.logLevel
        engine.reload(new.live)
        log.info("configuration reloaded", metadata: ["changed": "\(changes.live.joined(separator: ","))"])
        return new.live
    }
}
