import GraphDrivers
import Linux
import Logging
import OCI
import Synchronization
import SystemPackage

// What happens to layers when a data root is opened: finish what was under way, then read what is there, trusting
// nothing: a layer's folder must name its chain, its parent must be there, the driver must have its data.
extension LayerDatabase {
    /// Finishes removals, takes back what was half-made, and loads the rest; returns what is damaged.
    func open() throws -> [Damage] {
        let removing = try listFolder(layout.layers).filter { $0.hasSuffix(Layout.removing) }
        var reader = LayerReader(layout: layout, driver: driver)
        try reader.readAll()
        let used = Set(reader.layers.values.map(\.cacheID))
        for name in removing { finish(layout.layers.appending(name), unless: used) }
        for name in try listFolder(layout.journal)
        where name.hasPrefix(Layout.writeSet) || name.hasPrefix(Layout.removal) {
            finish(layout.journal.appending(name), unless: used)
        }
        state.withLock { state in
            state.layers = reader.layers
            for layer in reader.layers.values { if let parent = layer.parent { state.needs[parent, default: 0] += 1 } }
        }
        var damages = reader.damages
        damages += try proveDoubtful()
        damages += try loadMounts()
        return damages
    }

    /// Deletes the driver's layers that a journal folder names, then the folder.
    private func finish(_ folder: FilePath, unless used: Set<LayerID>) {
        // Children first: the container's layer stands on its init layer.
        let names = ["mount-id", "init-id", "cache-id"]
        let ids = names.compactMap { LayerReader.text(folder.appending($0)).flatMap { LayerID($0) } }
        do {
            for id in ids where !used.contains(id) { try driver.remove(id) }
            // What it stood on was to be released after it: whether anybody else needs that is found out at the end.
            let parent = LayerReader.text(folder.appending("parent")).flatMap { ChainID($0) }
            if let parent { try disclaim(parent) }
            try removeTree(folder)
            log.info("finished what a crash interrupted", metadata: ["folder": "\(folder)"])
        } catch {
            log.warning(
                "what a crash left can't be removed; the next start tries again",
                metadata: ["folder": "\(folder)", "error": "\(error)"]
            )
        }
    }

    /// Proves, against its digest, every layer that the machine may have lost bytes of; drops those that fail.
    private func proveDoubtful() throws -> [Damage] {
        var damages: [Damage] = []
        let marks = try flusher.leftOver()
        let known = state.withLock { $0.layers }
        for mark in marks where known[mark.chain] == nil { flusher.unmark(mark.chain) }
        for mark in marks where mark.isDoubtful {
            guard let layer = known[mark.chain] else { continue }
            do { try verify(layer) } catch {
                damages.append(
                    Damage(
                        object: "layer \(layer.chain)",
                        reason: "the machine stopped before it was on the disk: \(error)",
                        remedy: "load or pull its image again"
                    )
                )
                try drop(layer.chain)
            }
        }
        flusher.adopt(state.withLock { state in marks.map(\.chain).filter { state.layers[$0] != nil } })
        return damages
    }

    /// Forgets the layer and all on it, and moves its folder aside; what stood on it is replaced when it comes in again.
    private func drop(_ chain: ChainID) throws {
        _ = try layout.quarantine(layout.layer(chain))
        flusher.unmark(chain)
        state.withLock { state in
            var doomed: Set<ChainID> = [chain]
            var size = 0
            while size != doomed.count {
                size = doomed.count
                for layer in state.layers.values where layer.parent.map(doomed.contains) ?? false {
                    doomed.insert(layer.chain)
                }
            }
            for chain in doomed {
                if let parent = state.layers[chain]?.parent { state.needs[parent, default: 1] -= 1 }
                state.layers[chain] = nil
                state.needs[chain] = nil
            }
        }
    }

    /// Deletes layers that came in for an image that never came to be, or whose image was being deleted.
    func removeUnclaimed() throws {
        for name in try listFolder(layout.unclaimed) {
            guard let chain = Digest(hex: name).map({ ChainID($0) }) else { continue }
            let isNeeded = state.withLock { ($0.needs[chain] ?? 0) > 0 }
            if !isNeeded, lease(chain) != nil { release(chain) }
            claim(chain)
        }
    }
}
