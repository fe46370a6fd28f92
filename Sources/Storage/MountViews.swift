import Archive
import GraphDrivers
import Linux
import Logging
import OCI
import Synchronization
import SystemPackage

/// Who looks at which container's layer: the driver has a layer open once, however many look.
final class MountViews: Sendable {
    private struct View {
        let view: LayerView
        let id: LayerID
        var viewers = 1
    }

    /// Mounts that no folder shows, for who works on the tree from within the daemon; a kill leaves nothing mounted.
    private final class HiddenTree: Sendable {
        let tree: DetachedTree
        init(_ mounts: [Mount]) throws { tree = try DetachedTree(mounts) }
    }

    private let layers: LayerDatabase
    private let views = Mutex([String: View]())
    /// SELinux contexts.
    private let contexts = Mutex([String: String]())
    private let trees = Mutex([String: (tree: HiddenTree, viewers: Int)]())

    init(layers: LayerDatabase) { self.layers = layers }

    /// Whether somebody looks at the layer.
    func isOpen(_ name: String) -> Bool { views.withLock { $0[name] != nil } }

    /// How many layers somebody looks at.
    var openCount: Int { views.withLock { $0.count } }

    /// What all files of the layer have as their SELinux context from the next opening on; nil: their own.
    func setContext(_ context: String?, of name: String) { contexts.withLock { $0[name] = context } }

    /// One viewer more.
    func open(_ name: String) throws -> LayerView {
        try views.withLock { views in
            if let known = views[name] {
                views[name]?.viewers += 1
                return known.view
            }
            let mount = try layers.mount(name)
            let view = try layers.driver.open(mount.mountID).showing(contexts.withLock { $0[name] })
            views[name] = View(view: view, id: mount.mountID)
            return view
        }
    }

    /// One viewer less; surplus calls do nothing.
    func close(_ name: String) {
        views.withLock { views in
            guard let known = views[name] else { return }
            if known.viewers > 1 {
                views[name]?.viewers -= 1
                return
            }
            views[name] = nil
            close(layer: known.id)
        }
    }

    /// Ends what a killed daemon had open, which nobody has open now; not of `running`, which may not have opened, but
    /// are in use.
    func closeUnseen(except running: Set<String>) {
        let (images, mounts) = layers.state.withLock { ($0.layers.values.map(\.cacheID), Array($0.mounts.values)) }
        let unseen = mounts.filter { !isOpen($0.name) && !running.contains($0.name) }
        for id in images + unseen.flatMap({ [$0.mountID] + [$0.initID].compactMap { $0 } }) { close(layer: id) }
    }

    private func close(layer id: LayerID) {
        do { try layers.driver.close(id) } catch {
            layers.log.warning("layer did not close", metadata: ["layer": "\(id)", "error": "\(error)"])
        }
    }

    /// Shows the container's tree to `body`, as a path that works in this process only.
    func withRoot<T>(of name: String, _ body: (FilePath) throws -> T) throws -> T {
        let view = try open(name)
        defer { close(name) }
        guard case .mounts(let mounts) = view else { return try withTree(view, body) }
        let hidden = try trees.withLock { trees in
            let tree = try trees[name]?.tree ?? HiddenTree(mounts)
            trees[name] = (tree, (trees[name]?.viewers ?? 0) + 1)
            return tree
        }
        defer {
            trees.withLock { trees in
                let viewers = (trees[name]?.viewers ?? 1) - 1
                trees[name] = viewers == 0 ? nil : (hidden, viewers)
            }
        }
        return try body(hidden.tree.path)
    }
}

extension LayerDatabase {
    /// The container's layer of that name.
    func mount(_ name: String) throws -> WritableLayer {
        try state.withLock { state in
            guard let mount = state.mounts[name] else { throw StorageError.noSuchMount(name) }
            if state.changing.contains(name) { throw StorageError.mountBusy(name) }
            return mount
        }
    }
}

extension LayerView {
    /// The same with one SELinux context for all files of its stacks; files of a folder or a disk keep theirs: the kernel
    /// shows a disk under one context only, and a driver may have it mounted already.
    fileprivate func showing(_ context: String?) -> Self {
        guard let context, case .mounts(let mounts) = self else { return self }
        return .mounts(
            mounts.map { mount in
                var mount = mount
                if ["overlay", "aufs"].contains(mount.type) { mount.options.append("context=\(context)") }
                return mount
            }
        )
    }
}
