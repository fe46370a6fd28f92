import Engine
import Glibc
import Linux
import Logging

/// A daemon that is up: what signals make it do, until one ends it.
struct Serving {
    let services: Daemon.Services
    let manager: ServiceManager
    let signals: Host.Signals
    let log: Logger

    /// Returns when everything has ended.
    func run(_ reloading: Reloading) throws {
        manager.ready()
        var live = reloading.started.live
        while true {
            switch signals.wait() {
            case .reload:
                manager.reloading()
                live = reloading.run() ?? live
                manager.ready()
            case .end(let name, _):
                log.info("ending; containers go on running", metadata: ["signal": "\(name)"])
                manager.stopping()
                try endAtOnceOnNextSignal()
                let (services, grace) = (services, Duration.seconds(live.shutdownTimeout))
                return try Daemon.finish { await services.close(grace: grace) }
            }
        }
    }

    /// Whoever asks twice does not want to wait.
    private func endAtOnceOnNextSignal() throws {
        let (signals, log) = (signals, log)
        try OSThread {
            while true {
                guard case .end(let name, let number) = signals.wait() else { continue }
                log.warning("ending at once; requests under way are cut", metadata: ["signal": "\(name)"])
                _exit(128 + number)
            }
        }.detach()
    }
}
