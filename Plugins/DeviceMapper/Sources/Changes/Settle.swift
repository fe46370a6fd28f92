import CLinux
import Glibc
import Linux
import SystemPackage

extension FileSystem {
    /// Ends that the file system on `node` is frozen, which is mounted, or was: frozen, it keeps its device.
    func thaw(_ node: FilePath) throws {
        let tree = try mount(node)
        let root = OwnedDescriptor(
            try sys("open \(node)") { open(tree.path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        )
        try sys("thaw \(node)") { linux_thaw(root.rawValue) }
    }

    /// Brings all that was written to the mounted file system below `folder` to its place on the device, out of memory
    /// and out of the journal.
    ///
    /// `exclusively` keeps all others from freezing it: what is frozen then was left so by a killed process.
    func settle(_ folder: FilePath, exclusively: (() throws -> Void) throws -> Void = { try $0() }) throws {
        let root = OwnedDescriptor(
            try sys("open \(folder)") { open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        )
        // Also what is in memory only: times, with `lazytime`.
        try sys("flush \(folder)") { linux_syncfs(root.rawValue) }
        // Old kernels can't, and without a journal there is none to empty.
        if self == .ext4, linux_checkpoint_ext4(root.rawValue) == 0 { return }
        do { try sys("settle \(folder)") { linux_freeze_and_thaw(root.rawValue, 0) } } catch {
            guard error.errno == .resourceBusy else { throw error }
            // A second is not too long for a snapshot on a slow disk.
            try exclusively { try sys("settle \(folder)") { linux_freeze_and_thaw(root.rawValue, 1) } }
        }
    }
}
