import Archive
import Glibc
import Linux
import Synchronization
import SystemPackage

/// An empty volume gets what the image has at its place.
extension VolumeStore {
    /// Fills a volume that is empty, and that `container` has, with what the image has at the same place, its owner and mode
    /// too; nothing where it is not empty, or can't be written to.
    ///
    /// Only when the files are on the disk, and all at once, or by who fills it next: a kill, or a loss of power, leaves nothing
    /// that looks as if it were filled.
    func fill(_ name: String, from tree: FilePath, for container: String) throws {
        try devices.with([name]) {
            try filling.withLock { _ in
                let isDevice = try devices.device(of: name) != nil
                do {
                    try fill(name, from: tree, isDevice: isDevice, isShared: isShared(name, container))
                } catch let error as SystemError where isDevice && error.errno == .readOnlyFileSystem {
                    // It stays as it is.
                }
            }
        }
    }

    private func isShared(_ name: String, _ container: String) -> Bool {
        !users(of: name).subtracting([container]).isEmpty
    }

    /// What the names of copies begin with that are not whole, and that are.
    private static let half = ".varve-fill-"
    private static let whole = ".varve-full-"

    private func fill(_ name: String, from tree: FilePath, isDevice: Bool, isShared: Bool) throws {
        // Beside the files, on the same file system.
        let (data, beside) = (data(name), isDevice ? data(name) : place(name))
        for left in try listFolder(beside) {
            if left.hasPrefix(Self.half) { try removeTree(beside.appending(left)) }
            // In what a device shows others could have made one: ours is noted outside.
            let mark = place(name).appending(left)
            guard left.hasPrefix(Self.whole), exists(mark) else { continue }
            try move(beside.appending(left), into: data)
            if isDevice { try removeTree(mark) }
        }
        guard try listFolder(data).isEmpty else { return }
        if try listFolder(tree).isEmpty { return try copyTree(tree, to: data) }
        let copy = randomHex(bytes: 8)
        let (aside, full) = (beside.appending(Self.half + copy), beside.appending(Self.whole + copy))
        do {
            try copyTree(tree, to: aside)
            try syncFileSystem(of: aside)
        } catch {
            try? removeTree(aside)  // what stays is deleted by the next who fills it
            throw error
        }
        if !isDevice && !isShared { return try replace(data, by: aside) }
        // Somebody may have the folder mounted, and goes on seeing that one.
        let mark = place(name).appending(Self.whole + copy)
        if isDevice { try writeFile([], to: mark, mode: .ownerReadWrite) }
        try rename(aside, to: full)
        try move(full, into: data)
        if isDevice { try removeTree(mark) }
    }

    private func replace(_ data: FilePath, by aside: FilePath) throws {
        do throws(SystemError) { try sys("fill \(data)") { Glibc.rename(aside.string, data.string) } } catch {
            try removeTree(aside)
            // Somebody of the host has just put a file there.
            guard [.directoryNotEmpty, .fileExists].contains(error.errno) else { throw error }
        }
    }

    /// What somebody has written meanwhile stays.
    private func move(_ full: FilePath, into data: FilePath) throws {
        var status = stat()
        try sys("look at \(full)") { lstat(full.string, &status) }
        try sys("set the owner of \(data)") { chown(data.string, status.st_uid, status.st_gid) }
        try sys("set the mode of \(data)") { chmod(data.string, status.st_mode & 0o7777) }
        let folder = OwnedDescriptor(
            try sys("open \(full)") { open(full.string, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        )
        for name in try entries(of: folder.rawValue, full.string) {
            let name = name.withCString { FilePath(platformString: $0) }
            _ = try Linux.rename(full.pushing(name), toUnused: data.pushing(name))
        }
        try removeTree(full)
    }
}
