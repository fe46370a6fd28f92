import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// The least that a kernel must be asked for a layer's whole life: what a shell script would do.
struct BareCalls {
    /// What is measured: its name, and one call with a number that was not used yet.
    typealias Body = (title: String, call: (Int) throws -> Void)

    let bodies: [Body]
    private let folder: FilePath

    /// Nil for a driver that has none to speak of: copying a tree is all that vfs does.
    init?(of driver: any GraphDriver, on parent: LayerID, in scratch: FilePath) throws {
        folder = scratch.appending("bare")
        let view = try driver.open(parent)
        defer { try? driver.close(parent) }
        let place = folder
        let title = "the same by bare system calls"
        switch (driver.name, view) {
        case ("overlay2", .mounts(let mounts)), ("aufs", .mounts(let mounts)), ("erofs", .mounts(let mounts)):
            guard let mount = mounts.first else { return nil }
            bodies = [(title, { try Self.overlay("\($0)", like: mount, in: place) })]
        case ("btrfs", .folder(let source)):
            bodies = [(title, { try Self.snapshot("\($0)", of: source, in: place) })]
        case ("devicemapper", .mounts(let mounts)):
            guard let mount = mounts.first else { return nil }
            let device = try BareDevice(like: mount, in: place)
            bodies = [
                (title, { try device.call($0, .calls) }),
                ("the same with what a power cut must find", { try device.call(1000 + $0, .withRecords) }),
            ]
        default: return nil
        }
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o755))
    }

    func delete() { try? removeTree(folder) }

    /// Three folders, the mount, and all away again.
    private static func overlay(_ name: String, like parent: Mount, in place: FilePath) throws {
        let home = place.appending(name)
        let (upper, work) = (home.appending("diff"), home.appending("work"))
        for folder in [home, upper, work] { try sys("make \(folder)") { mkdir(folder.string, 0o755) } }
        var mount = parent
        let isUpper = { (option: String) in option.hasPrefix("upperdir=") || option.hasPrefix("workdir=") }
        mount.options.removeAll { isUpper($0) || $0 == "ro" }
        mount.options += ["upperdir=\(upper)", "workdir=\(work)"]
        do { _ = try mount.makeDetached() }
        for folder in [work.appending("work"), work, upper, home] {
            try sys("delete \(folder)") { rmdir(folder.string) }
        }
    }

    /// A snapshot, and its end.
    private static func snapshot(_ name: String, of source: FilePath, in place: FilePath) throws {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        let folder = OwnedDescriptor(try sys("open \(place)") { open(place.string, flags) })
        let tree = OwnedDescriptor(try sys("open \(source)") { open(source.string, flags) })
        try sys("make a snapshot") { linux_btrfs_snapshot(folder.rawValue, name, tree.rawValue, 0) }
        try sys("delete it") { linux_btrfs_destroy(folder.rawValue, name) }
    }
}
