package import GraphDrivers
import Linux
package import SystemPackage

/// The folders that a run works in: one on each file system, deleted at its end, or by whoever finds them abandoned.
package final class Scratch {
    private static let prefix = ".varve-bench-"
    private let home: FilePath
    private var folders: [Target.Place: FilePath] = [:]
    private var locks: [Lock] = []
    private var mounts: [FilePath] = []

    private final class Lock {
        let lock: FolderLock

        init(_ path: FilePath) throws {
            lock = try FolderLock(path)
            _ = try lock.take()
        }
    }

    /// File systems in files lie below `home`.
    package init(home: FilePath) { self.home = home }

    /// The scratch folder on a file system, made when it is first asked for.
    package func folder(for place: Target.Place) throws -> FilePath {
        if let known = folders[place] { return known }
        let made: FilePath
        switch place {
        case .folder(let path):
            guard isFolder(path) else { throw Target.Mistake(description: "\(path) is no folder; make it first") }
            made = try AtomicFolder(in: path, prefix: Self.prefix).path
            locks.append(try Lock(made))
        case .loop(let type, let bytes):
            let maker = FileSystemMaker(type: type, bytes: bytes)
            if let missing = maker.missing { throw Target.Mistake(description: "loop:\(type): \(missing)") }
            let below = try folder(for: .folder(home))
            made = below.appending("\(type)-\(mounts.count)")
            try maker.make(below.appending("\(type)-\(mounts.count).img"), at: made)
            mounts.append(made)
        }
        folders[place] = made
        return made
    }

    /// Takes all of it away; what drivers have there must be released.
    package func remove() throws {
        for mount in mounts.reversed() { try unmount(mount, detach: true) }
        for case (.folder, let path) in folders { try removeTree(path) }
        folders = [:]
        locks = []
    }

    /// Ends and deletes what runs left in `places` that were killed.
    package static func clearAbandoned(in places: [FilePath], drivers: [DriverKind]) {
        for place in Set(places) {
            for scratch in (try? FolderLock.abandoned(in: place, prefix: prefix)) ?? [] {
                for name in (try? listFolder(scratch)) ?? [] {
                    release(below: scratch.appending(name), drivers)
                    try? release(onFileSystemIn: scratch.appending(name), drivers)  // as below
                }
                try? removeTree(scratch)  // what can't be deleted says by its name what it was
            }
        }
    }

    /// A file system in a file went with the namespace that had it mounted, unless somebody holds it: a pool of devices
    /// whose own disks are files there. Mounted again it is the same one, and the driver finds its home as it was.
    private static func release(onFileSystemIn image: FilePath, _ drivers: [DriverKind]) throws {
        let types = FileSystemMaker.types.filter { image.lastComponent?.string.hasPrefix("\($0)-") ?? false }
        guard image.extension == "img", let type = types.first, let device = try LoopDevice.showing(image) else {
            return
        }
        let folder = image.removingLastComponent().appending(image.stem ?? type)
        try Mount(type: type, source: device.string, target: "", options: []).make(at: folder)
        defer { try? unmount(folder, detach: true) }  // as above
        for stage in try listFolder(folder) { release(below: folder.appending(stage), drivers) }
    }

    /// Drivers find in their homes what they have of the host, as a pool of devices, and give it back.
    private static func release(below stage: FilePath, _ drivers: [DriverKind]) {
        for kind in drivers where isFolder(stage.appending(kind.name)) {
            let driver = try? kind.open(home: stage.appending(kind.name), options: DriverOptions())
            try? driver?.release()  // as above
        }
    }
}
