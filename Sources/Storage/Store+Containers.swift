package import Archive
package import GraphDrivers
package import OCI
import Synchronization
package import SystemPackage

// A container's writable layer, named by the container's ID: on the launch path, so nothing waits for a disk.
extension Store {
    /// Makes the writable layer of the container `name`, and below it its init layer, on an image, or on nothing.
    package func createMount(_ name: String, image: ImageID?, options: [String: String]) throws {
        let parent = try image.flatMap { try leaseTop(of: $0) }
        do {
            try layers.createMount(name, on: parent, options: options) { id, parent in
                try initLayers.initialise(id, on: parent, driver: driver, limits: limits)
            }
        } catch {
            if let parent { layers.release(parent.chain) }
            throw error
        }
    }

    private func leaseTop(of id: ImageID) throws -> Layer? {
        try imageDatabase.state.withLock { images in
            guard let entry = images[id] else { throw StorageError.noSuchImage(id.description) }
            return entry.top.flatMap { layers.lease($0) }
        }
    }

    /// Deletes a container's layers; refused while somebody looks at them.
    package func removeMount(_ name: String) throws {
        do {
            try layers.removeMount(name) { views.isOpen(name) }
            views.setContext(nil, of: name)
        } catch StorageError.noSuchMount {
            // It may have been lost with the power: now its record goes too.
            layers.young.unmark(name)
            throw StorageError.noSuchMount(name)
        }
    }

    /// Deletes what the container wrote, to make room for the notes that removing it on a full disk takes.
    ///
    /// Until `removeMount` it is a container that can't start any more, and can be removed.
    package func makeRoom(removing name: String) throws {
        try layers.makeRoom(removing: name) { views.isOpen(name) }
    }

    /// Whether the container was made so shortly before the machine stopped that parts of it may be lost.
    package func mayBeLost(_ name: String) -> Bool { layers.young.isDoubted(name) }

    /// The names of all containers' layers, sorted.
    package func mounts() -> [String] { layers.state.withLock { $0.mounts.keys.sorted() } }

    /// Whether the container has a layer.
    package func hasMount(_ name: String) -> Bool { layers.state.withLock { $0.mounts[name] != nil } }

    /// How many read-only layers there are, and how many containers' layers are open.
    package var counts: (layers: Int, open: Int) { (layers.state.withLock { $0.layers.count }, views.openCount) }

    /// How to see the container's tree, for who mounts it himself; ends with `close`.
    package func open(_ name: String) throws -> LayerView { try views.open(name) }

    /// From its next opening on, the files of the container's tree have this SELinux context, where mounts show it.
    package func setContext(_ context: String, of name: String) { views.setContext(context, of: name) }

    /// Ends what `open` began.
    package func close(_ name: String) { views.close(name) }

    /// Ends what a killed daemon had open: of every layer that nobody has open now, and that is none of `running`. Once,
    /// after the running containers' layers were opened.
    package func closeUnseen(except running: Set<String>) {
        views.closeUnseen(except: running)
        // Whoever was lost was found by now.
        layers.young.trustDoubted()
    }

    /// Shows the container's tree to `body`, mounting what must be mounted where only this process sees it.
    package func withRoot<T>(of name: String, _ body: (FilePath) throws -> T) throws -> T {
        try views.withRoot(of: name, body)
    }

    /// What the container changed since it was made, sorted by path.
    package func changes(in name: String) throws -> [Change] {
        // It stays open, so that what its driver keeps differently while it is does not change meanwhile.
        _ = try open(name)
        defer { close(name) }
        let mount = try layers.mount(name)
        return try driver.changes(in: mount.mountID, since: try base(of: mount))
    }

    /// Writes what the container changed as a layer's tar.
    package func diff(of name: String, to sink: any ByteSink) throws {
        _ = try open(name)  // as above
        defer { close(name) }
        let mount = try layers.mount(name)
        try driver.diff(of: mount.mountID, since: try base(of: mount), to: sink)
    }

    /// Writes the container's whole tree as a flat tar.
    package func export(_ name: String, to sink: any ByteSink) throws {
        try withRoot(of: name) { try writeTree($0, to: sink) }
    }

    /// Bytes that the container wrote.
    package func size(of name: String) throws -> Int64 {
        _ = try open(name)  // as above
        defer { close(name) }
        let mount = try layers.mount(name)
        return try driver.size(of: mount.mountID, since: try base(of: mount))
    }

    func base(of mount: WritableLayer) throws -> LayerID? {
        if let initID = mount.initID { return initID }
        guard let parent = mount.parent else { return nil }
        guard let layer = layers.layer(parent) else { throw StorageError.withoutParent(mount, parent) }
        return layer.cacheID
    }

    /// What `docker inspect` shows of a container under `GraphDriver.Data`.
    package func metadata(of name: String) -> [String: String] {
        // What can't be told is not shown: `inspect` must work on damaged containers too.
        (try? driver.metadata(of: layers.mount(name).mountID)) ?? [:]
    }

    /// What `docker inspect` shows of an image under `GraphDriver.Data`.
    package func metadata(ofImage id: ImageID) -> [String: String] {
        let top = imageDatabase.state.withLock { $0[id]?.top }
        guard let layer = top.flatMap({ layers.layer($0) }) else { return [:] }
        return (try? driver.metadata(of: layer.cacheID)) ?? [:]  // as above
    }
}
