import Glibc
import Linux
import SystemPackage

/// A lock on a folder (`man 2 flock`), held until all copies of its descriptor are closed, in whatever process.
struct FolderLock: ~Copyable {
    private let folder: OwnedDescriptor
    let path: FilePath
    var rawValue: CInt { folder.rawValue }

    /// Opens the folder; the lock is not taken yet.
    init(_ path: FilePath) throws(SystemError) {
        self.path = path
        folder = OwnedDescriptor(
            try sys("open \(path)") { open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) }
        )
    }

    /// Takes the lock; false if somebody else has it.
    func take() throws(SystemError) -> Bool {
        do throws(SystemError) {
            try sys("lock \(path)") { flock(folder.rawValue, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            if error.errno == .wouldBlock { return false }
            throw error
        }
    }

    /// Takes the lock as soon as it is free; false if it isn't for that long.
    func take(milliseconds: Int) throws(SystemError) -> Bool {
        // flock has no limit of time of its own. A server ends a few milliseconds after its mount.
        var (waited, pause) = (0, 250)
        while try !take() {
            if waited > milliseconds * 1000 { return false }
            usleep(UInt32(pause))
            waited += pause
            pause = min(pause * 2, 20_000)
        }
        return true
    }
}
