import DockerAPI
import Linux
import Logging
import Networking
import OCI
import SystemPackage

/// Networks where a daemon begins, and where one ends.
extension Engine {
    /// Takes up what all have that may run, before the first of them can be started anew and be given another's.
    func adoptNetworks(_ records: [ContainerRecord]) async {
        await pool.perform { [self] in
            let here = Set((try? listFolder(settings.execRoot)) ?? [])
            for record in records where here.contains(record.id) { adoptNetworks(record) }
        }
    }

    /// Takes up what a container has that ran on while there was no daemon. Rules follow with `renewNetworks`.
    private func adoptNetworks(_ record: ContainerRecord) {
        let folder = settings.execRoot.appending(record.id)
        var found = Attachments(in: folder)
        guard !found.isEmpty else { return }
        // A daemon that died in between has plugged it in and not written that down, or the other way round.
        let places = Set(record.networkSettings.networks.keys.compactMap { try? networks.find($0).id })
        for lease in found.leases where !places.contains(lease.network) && !lease.isByPlugins {
            try? service.bridges.giveBack(lease)
        }
        found.leases.removeAll { !places.contains($0.network) }
        service.set(found, of: record.id)
        for lease in found.leases where !lease.isByPlugins {
            guard let network = try? networks.find(lease.network) else { continue }
            do {
                try service.bridges.bringUp(try service.plan(network), rulesLater: true)
                service.bridges.adopt(lease)
            } catch {
                log.error(
                    "network of a running container",
                    metadata: ["network": "\(network.name)", "error": "\(error)"]
                )
            }
        }
        service.bridges.adopt(found.ports.compactMap(\.rule), of: record.id)
    }

    /// Sets right what is known of all running containers, and removes what nobody uses; once, when a daemon begins.
    func renewNetworks() async {
        await pool.perform { [self] in
            attempt("rules not renewed") { try service.bridges.renewRules() }
            attempt("unused bridges not removed") { try service.removeUnused(networks.all()) }
            for id in service.used { attempt("names not renewed") { try service.renewNames(of: id) } }
            attempt("names not renewed") { try service.names.forgetOthers() }
        }
    }

    /// Takes networks away that no running container is in; when a daemon ends.
    package func closeNetworks() async {
        await pool.perform { [self] in
            let used = service.used
            for id in service.bridges.all where !used.contains(id) {
                attempt("network not taken away") { try service.bridges.takeDown(id) }
            }
        }
    }

    private func attempt(_ what: Logger.Message, _ body: () throws -> Void) {
        do { try body() } catch { log.error(what, metadata: ["error": "\(error)"]) }
    }
}
