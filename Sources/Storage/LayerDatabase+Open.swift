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
        for name in try listFolder(layout.journal) where Layout.journalled(name) != nil {
            finish(layout.journal.appending(name), unless: used)
        }
        state.withLock { state in
            state.layers = reader.layers
            for layer in reader.layers.values { if let parent = layer.parent { state.needs[parent, default: 0] += 1 } }
        }
        return try reader.damages + loadMounts()
    }

    /// Deletes the driver's layers that a folder names, then the folder.
    private func finish(_ folder: FilePath, unless used: Set<LayerID>) {
        var ids = ["mount-id", "init-id", "cache-id"].compactMap {
            LayerReader.text(folder.appending($0)).flatMap { LayerID($0) }
        }
        // The files may be empty, the name is not. An ID that is there twice, or that the driver never had, is no harm.
        if let id = folder.lastComponent.flatMap({ Layout.journalled($0.string) }) {
            ids += [id] + (LayerID("\(id)-init").map { [$0] } ?? [])
        }
        do {
            // Children first: the container's layer stands on its init layer.
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

    /// Deletes layers that came in for an image that never came to be, or whose image is gone.
    func removeUnclaimed() throws {
        for name in try listFolder(layout.unclaimed) {
            guard let chain = Digest(hex: name).map({ ChainID($0) }) else { continue }
            let isNeeded = state.withLock { ($0.needs[chain] ?? 0) > 0 }
            if isNeeded { continue }
            if lease(chain) != nil { release(chain) }
            claim(chain)
        }
    }
}
