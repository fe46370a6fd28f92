import GraphDrivers
import Linux
import Synchronization
import SystemPackage

/// Layers that clients see, each as one folder, mounted as long as somebody looks.
///
/// What a killed server had mounted is taken over at the first look, as seen by one: so no running container loses its root.
final class ServedViews: Sendable {
    private struct State {
        /// Where each layer that is open is to be seen.
        var shown: [LayerID: FilePath] = [:]
        /// Layers that this process has looked at.
        var known: Set<LayerID> = []
    }

    private let home: FilePath
    private let folder: FilePath
    private let counts = ViewCount()
    private let state = Mutex(State())

    /// Shows views in a folder of its own below `home`.
    init(home: FilePath) {
        self.home = home
        folder = home.appending(".views")
    }

    /// One viewer more.
    func open(_ id: LayerID, of driver: any GraphDriver) throws -> FilePath {
        try adopt(id)
        return try counts.open(id) {
            if let place = state.withLock({ $0.shown[id] }) { return place }
            let view = try driver.open(id)
            do {
                let place = try show(view, of: id)
                state.withLock { $0.shown[id] = place }
                return place
            } catch {
                try? driver.close(id)  // the first error is the one to report
                throw error
            }
        }
    }

    /// One viewer less; a surplus call ends what a killed server may have left.
    func close(_ id: LayerID, of driver: any GraphDriver) throws {
        try adopt(id)
        try counts.close(id) { try end(id, driver) }
    }

    /// Nobody looks any more, whatever was counted.
    func closeAll(_ id: LayerID, of driver: any GraphDriver) throws {
        while counts.isOpen(id) { try counts.close(id) {} }
        try counts.close(id) { try end(id, driver) }
        state.withLock { _ = $0.known.remove(id) }
    }

    private func show(_ view: LayerView, of id: LayerID) throws -> FilePath {
        var mounts: [Mount]
        switch view {
        case .folder(let path) where path.starts(with: home): return path
        case .folder(let path): mounts = [Mount(source: path.string, options: ["bind"])]
        case .mounts(let made): mounts = made
        }
        let place = place(of: id)
        if try isMounted(place) { return place }
        try makePlace(place)
        do { try mountTree(mounts, at: place) } catch {
            removeFolder(place)
            throw error
        }
        return place
    }

    /// Counts what is mounted already as seen by one.
    private func adopt(_ id: LayerID) throws {
        guard state.withLock({ $0.known.insert(id).inserted }), try isMounted(place(of: id)) else { return }
        try counts.open(id) {}
    }

    private func end(_ id: LayerID, _ driver: any GraphDriver) throws {
        let place = place(of: id)
        if exists(place) { while try hasUnmounted(place) {} }
        removeFolder(place)
        state.withLock { $0.shown[id] = nil }
        try driver.close(id)
    }

    /// The folder above may go while this one is made: the last view of another layer ends.
    private func makePlace(_ place: FilePath) throws {
        for _ in 0..<100 {
            try makeFolders(folder, mode: FilePermissions(rawValue: 0o710))
            do { return try makeFolders(place, mode: FilePermissions(rawValue: 0o755)) } catch let error as SystemError
            {
                guard error.errno == .noSuchFileOrDirectory else { throw error }
            }
        }
        throw SystemError("make folder \(place)", .noSuchFileOrDirectory)
    }

    private func removeFolder(_ place: FilePath) {
        // One that stays is empty: the next look uses it, and removal of the home takes it along.
        try? removeEmptyFolder(place)
        try? removeEmptyFolder(folder)
    }

    /// False where nothing was mounted; to ask that first would be to read all the machine's mounts.
    private func hasUnmounted(_ place: FilePath) throws -> Bool {
        do { try unmount(place, detach: true) } catch {
            if error.errno == .invalidArgument { return false }
            throw error
        }
        return true
    }

    private func place(of id: LayerID) -> FilePath { folder.appending(id.description) }

    private func isMounted(_ place: FilePath) throws -> Bool {
        guard exists(place) else { return false }
        let real = try place.realPath()
        return try MountInfo.all().contains { $0.target == real }
    }
}
