import CLinux
import Glibc
import Linux
import SystemPackage

extension FileSystem {
    /// Brings all that was written to the mounted file system below `folder` to its place on the device, out of memory
    /// and out of the journal.
    func settle(_ folder: FilePath) throws {
        let root = OwnedDescriptor(
            try sys("open \(folder)") { open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        )
        // Also what is in memory only: times, with `lazytime`.
        try sys("flush \(folder)") { linux_syncfs(root.rawValue) }
        // Old kernels can't, and without a journal there is none to empty.
        if self == .ext4, linux_checkpoint_ext4(root.rawValue) == 0 { return }
        try sys("settle \(folder)") { linux_freeze_and_thaw(root.rawValue) }
    }
}
