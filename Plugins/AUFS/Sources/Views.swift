// How a layer is shown.
//
// By aufs and by fuse-overlayfs, all branches are joined at `mnt/<id>`, which containers bind. By overlayfs, the view is an
// overlay for the caller to mount where he likes: see `OverlayView.swift`. A sealed layer has no branch to be written to.
//
//     .work/<id>/            the layer is open, or was when the daemon was killed
//       overlay/             the branch is overlayfs's, or is on its way there or back
//         work/              it is overlayfs's: whatever is named `.wh.x` now, a container made
//       fuse/                the branch is fuse-overlayfs's, and this its working folder
//       names/               short names of the branches, where there are many

import Glibc
import GraphDrivers
import Linux
import SystemPackage

extension AUFS {
    /// Joins the layer with its ancestors; what is joined already stays as it is.
    func show(_ id: LayerID, over above: [LayerID]) throws -> LayerView {
        // By this process or an earlier one, whose containers run on, and which may have joined with something else.
        if isMount(mountPoint(id)) { return .folder(mountPoint(id)) }
        if isOverlay(id) { return try overlay(id, over: above) }
        switch union {
        case .overlay: return try overlay(id, over: above)
        case .fuse(let server):
            try end(id)  // what a killed one left half done
            try join(id, above, server)
        case .aufs(let hasDirperm1):
            try end(id)
            try AufsMount(home: home, hasDirperm1: hasDirperm1).make(id, over: above)
        }
        return .folder(mountPoint(id))
    }

    private func join(_ id: LayerID, _ above: [LayerID], _ server: FuseServer) throws {
        do { try start(server, id, above) } catch {
            try? end(id)  // the first error is the one to report; the next `open` or `remove` tries again
            throw error
        }
    }

    private func start(_ server: FuseServer, _ id: LayerID, _ above: [LayerID]) throws {
        try makeFolder(work(id), 0o700)
        let lock = try FolderLock(work(id))
        guard try lock.take() else { throw busy(id) }
        let lowers = above.map { "\($0)" }
        let options: String
        if above.isEmpty || isSealed(id) || isOpaque(id) {
            options = "lowerdir=" + (["\(id)"] + lowers).joined(separator: ":")
        } else {
            // From here on the branch may hold notes that aufs can't read.
            try makeFolder(folder(of: .fuse, id), 0o700)
            let work = "../.work/\(id)/\(Writer.fuse.rawValue)"
            options = "lowerdir=\(lowers.joined(separator: ":")),upperdir=\(id),workdir=\(work)"
        }
        try server.mount(options, from: home.appending("diff"), at: mountPoint(id), holding: lock)
    }

    /// Whether nothing of the ancestors shows, save through another engine's eyes.
    func isOpaque(_ id: LayerID) -> Bool { exists(branch(id).appending(".wh..wh..opq")) }

    func folder(of writer: Writer, _ id: LayerID) -> FilePath { work(id).appending(writer.rawValue) }

    func busy(_ id: LayerID) -> SystemError {
        SystemError("layer \(id): its fuse-overlayfs does not end; see what has \(work(id)) open", .resourceBusy)
    }
}

/// Who wrote to a branch; the name of a folder in the layer's work folder that says so.
enum Writer: String, CaseIterable {
    case overlay
    case fuse
}
