import GraphDrivers
import Linux
import Logging
import OCI
import Synchronization
import SystemPackage

// Containers' layers: `mounts/<name>/{mount-id,init-id,parent}` over two driver's layers, the container's own and below
// it the init layer. On the launch path: nothing here waits for a disk.
extension LayerDatabase {
    /// Reads what is in `mounts/`; names and ids are checked, a missing parent or driver's layer is a damage.
    func loadMounts() throws -> [Damage] {
        for mark in try young.open() where isLost(mark.name, mark.id) { try dropLost(mark.name, mark.id) }
        var damages: [Damage] = []
        let names = try listFolder(layout.mounts, asOnDisk: true)
        let reasons = try mapInParallel(names) { [self] name in load(mount: name) }
        for case (let name, let reason?) in zip(names, reasons) {
            let remedy = "load or pull its image again and restart the daemon, or remove the container"
            damages.append(Damage(object: "container layer \(name)", reason: reason, remedy: remedy))
        }
        return damages
    }

    /// Whether a loss of power took something of a young container's layers; nobody has them open, since that was in
    /// another boot.
    private func isLost(_ name: String, _ id: LayerID) -> Bool {
        let folder = layout.mount(name)
        let files = ["mount-id", "init-id", "parent"].map { folder.appending($0) }
        if files.contains(where: { exists($0) && LayerReader.text($0) == nil }) { return true }
        guard LayerReader.text(files[0]) == id.description, driver.contains(id) else { return true }
        // Why it can't be opened is of no use: it is lost either way, unless that had nothing to do with it.
        do {
            _ = try driver.open(id)
            try driver.close(id)
            return false
        } catch { return !error.isPassing }
    }

    /// Deletes it; the mark stays, so that the container's record is known to be lost too.
    private func dropLost(_ name: String, _ id: LayerID) throws {
        log.warning(
            "container was not on the disk when the machine stopped: removed",
            metadata: ["container": "\(name)"]
        )
        let aside = layout.removal(id)
        if exists(layout.mount(name)) { try rename(layout.mount(name), to: aside) }
        removeDriverLayers([id] + (LayerID("\(id)-init").map { [$0] } ?? []), then: aside)
    }

    /// Takes one mount into the maps; returns why not.
    private func load(mount name: String) -> String? {
        let folder = layout.mount(name)
        guard let mountID = LayerReader.text(folder.appending("mount-id")).flatMap({ Self.mountID($0) }) else {
            return "its file mount-id is missing or damaged"
        }
        let initText = LayerReader.text(folder.appending("init-id"))
        let initID = initText.flatMap { Self.mountID($0) }
        guard initText == nil || initID != nil else { return "its file init-id is damaged" }
        let parentText = LayerReader.text(folder.appending("parent"))
        let parent = parentText.flatMap { ChainID($0) }
        guard parentText == nil || parent != nil else { return "its file parent is damaged" }
        let isThere = driver.contains(mountID)
        return state.withLock { state in
            // It is listed even without its layers, so that it can be removed.
            let base = parent.flatMap { state.layers[$0]?.chain }
            state.mounts[name] = WritableLayer(
                name: name,
                mountID: mountID,
                initID: initID,
                parent: parent,
                isCounted: base != nil
            )
            if let parent, base == nil { return "the layer below it, \(parent.short), is missing or damaged" }
            if let base { state.needs[base, default: 0] += 1 }
            return isThere ? nil : "the storage driver has no layer \(mountID)"
        }
    }

    /// `^[a-f0-9]{64}(-init)?$`, which dockerd insists on.
    private static func mountID(_ text: String) -> LayerID? {
        let hex = text.hasSuffix("-init") ? String(text.dropLast(5)) : text
        return Digest(hex: hex) == nil ? nil : LayerID(text)
    }

    /// Makes the layers of the container `name` on `parent`, which the caller leased; the mount takes over the lease.
    func createMount(
        _ name: String,
        on parent: Layer?,
        options: [String: String],
        initialise: (LayerID, Layer?) throws -> Void
    ) throws {
        guard LayerID(name) != nil else { throw StorageError.invalidReference(name, reason: "not a container's name") }
        try beginChange(of: name, mustExist: false)
        defer { endChange(of: name) }
        let mountID = Self.newLayerID()
        guard let initID = LayerID("\(mountID)-init") else { fatalError("hex digits and -init are a layer's name") }
        let folder = try AtomicFolder(layout.writeSet(mountID))
        let options = LayerOptions(isWritable: true, storage: options)
        do {
            try folder.write(mountID.description, to: "mount-id")
            try folder.write(initID.description, to: "init-id")
            if let parent { try folder.write(parent.chain.description, to: "parent") }
            try driver.create(initID, parent: parent?.cacheID, options: options)
            try initialise(initID, parent)
            try driver.create(mountID, parent: initID, options: options)
            try young.mark(name, mountID)
            try folder.commit(to: layout.mount(name))
        } catch {
            young.unmark(name)
            removeDriverLayers([mountID, initID], then: folder.path)
            throw error
        }
        state.withLock {
            $0.mounts[name] = WritableLayer(
                name: name,
                mountID: mountID,
                initID: initID,
                parent: parent?.chain,
                isCounted: parent != nil
            )
        }
    }

    /// Deletes the container's layers; a crash at any point leaves them whole, or to be deleted at the next start.
    func removeMount(_ name: String, unless isOpen: () -> Bool) throws {
        try beginChange(of: name, mustExist: true)
        defer { endChange(of: name) }
        // From here on nobody can open it, so who has not yet never will.
        if isOpen() { throw StorageError.mountBusy(name) }
        guard let mount = state.withLock({ $0.mounts[name] }) else { throw StorageError.noSuchMount(name) }
        let aside = layout.removal(mount.mountID)
        try rename(layout.mount(name), to: aside)
        state.withLock { $0.mounts[name] = nil }
        removeDriverLayers([mount.mountID] + (mount.initID.map { [$0] } ?? []), then: aside)
        young.unmark(name)
        if let parent = mount.parent, mount.isCounted { release(parent) }
    }

    /// Deletes what the container wrote, and leaves it to `removeMount`: where there is no room to begin that.
    func makeRoom(removing name: String, unless isOpen: () -> Bool) throws {
        try beginChange(of: name, mustExist: true)
        defer { endChange(of: name) }
        if isOpen() { throw StorageError.mountBusy(name) }
        guard let mount = state.withLock({ $0.mounts[name] }) else { throw StorageError.noSuchMount(name) }
        try driver.remove(mount.mountID)
    }

    private func removeDriverLayers(_ ids: [LayerID], then folder: FilePath) {
        do {
            for id in ids { try driver.remove(id) }
            try removeTree(folder)
        } catch {
            log.warning(
                "container layer is not wholly deleted yet; the next start tries again",
                metadata: ["layer": "\(ids.first?.description ?? "")", "error": "\(error)"]
            )
        }
    }

    private func beginChange(of name: String, mustExist: Bool) throws {
        try state.withLock { state in
            if mustExist, state.mounts[name] == nil { throw StorageError.noSuchMount(name) }
            if !mustExist, state.mounts[name] != nil { throw StorageError.mountExists(name) }
            guard state.changing.insert(name).inserted else { throw StorageError.mountBusy(name) }
        }
    }

    private func endChange(of name: String) { state.withLock { _ = $0.changing.remove(name) } }
}
