import Archive
import Glibc
import Linux
import Synchronization
import SystemPackage

/// An empty volume gets what the image has at its place.
extension VolumeStore {
    /// Fills a volume that is empty, and that `container` has, with what the image has at the same place; nothing where it
    /// is not empty, or can't be written to.
    ///
    /// All at once, and only when the files are on the disk: a kill, or a loss of power, leaves it empty.
    func fill(_ name: String, from tree: FilePath, for container: String) throws {
        guard try !listFolder(tree).isEmpty else { return }
        try devices.with([name]) {
            try filling.withLock { _ in
                let isDevice = try devices.device(of: name) != nil
                // Beside the files, on the same file system.
                let beside = isDevice ? data(name) : place(name)
                for left in try listFolder(beside) where left.hasPrefix(Self.half) {
                    try removeTree(beside.appending(left))
                }
                guard try listFolder(data(name)).isEmpty else { return }
                let aside = beside.appending("\(Self.half)\(randomHex(bytes: 8))")
                defer { try? removeTree(aside) }  // what stays is deleted by the next who fills it
                do { try copyTree(tree, to: aside) } catch let error as SystemError
                    where isDevice && error.errno == .readOnlyFileSystem
                { return }
                try syncFileSystem(of: aside)
                if !isDevice, users(of: name).subtracting([container]).isEmpty {
                    try replace(data(name), by: aside)
                } else {
                    // Somebody may have the folder mounted, and goes on seeing that one.
                    try move(aside, into: data(name))
                }
            }
        }
    }

    /// What the names of copies begin with that are not whole.
    private static let half = ".varve-fill-"

    private func replace(_ data: FilePath, by aside: FilePath) throws {
        do throws(SystemError) { try sys("fill \(data)") { Glibc.rename(aside.string, data.string) } } catch {
            // Somebody of the host has just put a file there.
            guard [.directoryNotEmpty, .fileExists].contains(error.errno) else { throw error }
        }
    }

    /// What somebody has written meanwhile stays.
    private func move(_ aside: FilePath, into data: FilePath) throws {
        for name in try listFolder(aside) {
            _ = try Linux.rename(aside.appending(name), toUnused: data.appending(name))
        }
    }
}
