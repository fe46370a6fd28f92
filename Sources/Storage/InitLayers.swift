import Archive
import Glibc
import GraphDrivers
import Linux
import OCI
import Synchronization
import SystemPackage

/// The layer between an image and a container: mount points for what the launcher puts over them.
///
/// What it must hold depends on the image: each path's non-folders go, then what is missing is made. It is found out once
/// per image, through a mount of the driver's layer, and kept as a layer's tar; for the next container that tar is
/// applied, which takes no mount. Docker mounts and unmounts each time.
final class InitLayers: Sendable {
    private enum Kind { case folder, file, link(String) }

    private static let content: [(path: [String], kind: Kind)] = [
        (["dev", "pts"], .folder), (["dev", "shm"], .folder), (["proc"], .folder), (["sys"], .folder),
        ([".dockerenv"], .file), (["etc", "resolv.conf"], .file), (["etc", "hosts"], .file),
        (["etc", "hostname"], .file), (["dev", "console"], .file), (["etc", "mtab"], .link("/proc/mounts")),
    ]
    private static let mostKept = 256
    private let tars = Mutex([ChainID?: [UInt8]]())

    /// Fills the new, empty driver's layer `id` on `parent`.
    func initialise(_ id: LayerID, on parent: Layer?, driver: any GraphDriver, limits: ArchiveLimits) throws {
        if let tar = tars.withLock({ $0[parent?.chain] }) {
            _ = try driver.apply(BufferSource(tar), to: id, parent: parent?.cacheID, limits: limits)
            return
        }
        try driver.withTree(of: id) { try Self.populate($0) }
        let sink = BufferSink()
        try driver.diff(of: id, since: parent?.cacheID, to: sink)
        tars.withLock { tars in
            if tars.count >= Self.mostKept { tars.removeAll() }
            tars[parent?.chain] = sink.bytes
        }
    }

    /// Makes the mount points in `root`; nothing there is followed out of it.
    private static func populate(_ root: FilePath) throws {
        for (path, kind) in content {
            let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
            var folder = OwnedDescriptor(try sys("open \(root)") { Glibc.open(root.string, flags) })
            for component in path.dropLast() {
                try clear(component, in: folder)
                folder = try openFolder(component, in: folder)
            }
            guard let name = path.last else { continue }
            try clear(name, in: folder)
            try make(name, kind, in: folder)
        }
    }

    /// Deletes `name` unless it is a folder, or nothing.
    private static func clear(_ name: String, in folder: borrowing OwnedDescriptor) throws {
        let number = folder.rawValue
        do { try sys("clear \(name) for the container") { unlinkat(number, name, 0) } } catch {
            if ![.noSuchFileOrDirectory, .isDirectory, .notPermitted].contains(error.errno) { throw error }
        }
    }

    private static func openFolder(_ name: String, in folder: borrowing OwnedDescriptor) throws -> OwnedDescriptor {
        let number = folder.rawValue
        try makeFolder(name, in: number)
        return OwnedDescriptor(
            try sys("open \(name) for the container") {
                openat(number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            }
        )
    }

    private static func makeFolder(_ name: String, in folder: CInt) throws {
        do { try sys("make folder \(name) for the container") { mkdirat(folder, name, 0o755) } } catch {
            if error.errno != .fileExists { throw error }
            return
        }
        try sys("set the mode of \(name)") { fchmodat(folder, name, 0o755, 0) }
    }

    private static func make(_ name: String, _ kind: Kind, in folder: borrowing OwnedDescriptor) throws {
        let number = folder.rawValue
        switch kind {
        case .folder: try makeFolder(name, in: number)
        case .file:
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let made: CInt
            do { made = try sys("make \(name)") { openat(number, name, flags, 0o755) } } catch {
                if error.errno == .fileExists { return }  // a folder of that name stays, as Docker leaves it
                throw error
            }
            let file = OwnedDescriptor(made)
            try sys("set the mode of \(name)") { fchmod(file.rawValue, 0o755) }
        case .link(let target):
            do { try sys("make link \(name)") { symlinkat(target, number, name) } } catch {
                if error.errno != .fileExists { throw error }
            }
        }
    }
}
