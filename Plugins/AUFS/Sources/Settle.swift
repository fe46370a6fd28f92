import Archive
import GraphDrivers
import Linux
import SystemPackage

// The end of a view, by who opened it or by a later start: afterwards the layer is as aufs would have left it.

extension AUFS {
    /// Unmounts the layer, waits until nobody can write to its branch any more, and leaves it as aufs does.
    ///
    /// The branch of a layer that exists no more is about to be deleted, and may be in any state.
    func end(_ id: LayerID) throws {
        try AufsMount.end(mountPoint(id))
        guard isFolder(work(id)) else { return }
        try? flush(id)  // a server that is gone takes nothing more
        try unmountAll(mountPoint(id))
        guard let lock = try FuseServer.end(holding: work(id), program) else { throw busy(id) }
        defer { withExtendedLifetime(lock) {} }
        if contains(id) { try freeze(id) }
        try deleteShortName(of: id)
        try removeTree(work(id))
    }

    private func freeze(_ id: LayerID) throws {
        if isOverlay(id) {
            // No layer can have files of such names, and whiteouts are about to get them.
            try deleteNotes(branch(id))
            try removeTree(overlayWork(id))
        }
        for writer in Writer.allCases where isFolder(folder(of: writer, id)) {
            let lowers = try ancestors(of: id).map { branch($0) }
            try freezeBranch(branch(id), over: lowers, writer)
            if writer == .fuse { try resetFolderTimes(branch(id), lowers) }
        }
    }

    /// Hands what fuse-overlayfs has not been told yet to it: writes reach it when the kernel gets round to them.
    func flush(_ id: LayerID) throws {
        if isFolder(folder(of: .fuse, id)) { try syncFileSystem(of: mountPoint(id)) }
    }
}
