import FoundationEssentials
package import Registry
import Synchronization

/// What a daemon can be told anew while it runs.
package struct LiveSettings: Sendable {
    package var debug = false
    /// The daemon's own, as `key=value`.
    package var labels: [String] = []
    package var registry = RegistrySettings()
    /// How many seconds requests under way have when the daemon ends.
    package var shutdownTimeout = 0
    package var containers = ContainerDefaults()
    package var runtimes = Runtimes()

    package init() {}
}

extension Engine {
    var containerDefaults: ContainerDefaults { live.withLock { $0.containers } }

    /// From now on these count; tells of it as dockerd does.
    package func reload(_ new: LiveSettings) {
        live.withLock { $0 = new }
        registry.change(new.registry)
        let attributes = [
            "name": Host.name, "debug": "\(new.debug)", "labels": Self.list(new.labels), "live-restore": "true",
            "insecure-registries": Self.list(new.registry.insecure),
            "registry-mirrors": Self.list(new.registry.mirrors),
            "max-concurrent-downloads": "\(new.registry.downloads)",
            "max-concurrent-uploads": "\(new.registry.uploads)",
            "max-download-attempts": "\(new.registry.attempts)", "shutdown-timeout": "\(new.shutdownTimeout)",
            "default-runtime": new.runtimes.standard, "runtimes": new.runtimes.description,
        ]
        events.emit("daemon", "reload", id: Host.machineID, attributes: attributes)
    }

    /// `["a","b"]`.
    private static func list(_ texts: [String]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(texts)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }
}
