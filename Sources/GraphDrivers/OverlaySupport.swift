// What this host's overlayfs can do on this file system, found out by doing it: two lower directories, an upper and a
// work directory, and the operations whose outcome differs between kernels.

import Glibc
package import Linux
package import SystemPackage

/// The facts that decide whether, and how, the driver runs.
package struct OverlaySupport: Sendable {
    /// The file system that holds the layers.
    package let backing: FileSystemType
    /// What every overlay is mounted with.
    package let options: [String]
    /// Whether an upper directory alone says what changed.
    ///
    /// The kernel must not have copied up an opaque mark that is not
    /// its own (a bug before 4.8), and must not have followed a renamed directory (`redirect_dir`).
    package let isDiffNative: Bool

    /// Tries an overlay in a fresh folder below `place`, for `driver`.
    package init(in place: FilePath, for driver: String) throws {
        backing = try FileSystemType(of: place)
        options = Mount.plainOverlayOptions
        try Self.clean(place)
        let scratch = place.appending("\(Self.prefix)\(randomHex(bytes: 8))")
        try sys("make folder \(scratch)") { mkdir(scratch.string, 0o700) }
        defer { try? removeTree(scratch) }  // what stays is deleted by the next start: `clean`
        let lock = try FolderLock(scratch)
        guard try lock.take() else { throw SystemError("lock \(scratch)", .wouldBlock) }
        defer { withExtendedLifetime(lock) {} }
        for folder in ["l1", "l1/d", "l1/d1", "l2", "l2/d", "l3", "work"] {
            try sys("make folder \(scratch)/\(folder)") { mkdir(scratch.appending(folder).string, 0o755) }
        }
        try Self.requireTypes(in: scratch, on: backing, for: driver)
        try Self.requireMark(on: scratch.appending("l2/d"), backing: backing, for: driver)
        let layers = ["l2", "l1"].map { "lowerdir+=\(scratch.appending($0))" }
        let upper = ["upperdir=\(scratch.appending("l3"))", "workdir=\(scratch.appending("work"))"]
        do {
            let mount = Mount(type: "overlay", source: "overlay", options: layers + upper + options)
            let tree = try DetachedTree([mount])
            isDiffNative = try Self.tryDiff(in: tree.path, upper: scratch.appending("l3"))
        } catch let error as SystemError {
            throw Self.refusal(error, backing: backing, for: driver)
        }
    }

    /// Deletes what checks in `place` left that were killed: their lock ended with them. Nobody else makes such names.
    package static func clean(_ place: FilePath) throws {
        for folder in try FolderLock.abandoned(in: place, prefix: prefix) { try? removeTree(folder) }
    }

    private static let prefix = ".check-overlay2-"

    private static func tryDiff(in tree: FilePath, upper: FilePath) throws -> Bool {
        try writeFile([0x66], to: tree.appending("d/f"), mode: .ownerReadWrite)
        if try extendedAttribute(mark, at: upper.appending("d")) == [UInt8(ascii: "y")] { return false }
        let (from, to) = (tree.appending("d1").string, tree.appending("d2").string)
        do {
            try sys("rename a folder of a lower layer") { rename(from, to) }
            return false  // renamed in place: only a redirect mark tells where it came from
        } catch { return error.errno == .improperLink }
    }

    /// Whiteouts and file types are read from directory entries: the file system must keep the type there.
    private static func requireTypes(
        in folder: FilePath,
        on backing: FileSystemType,
        for driver: String
    ) throws {
        guard let stream = opendir(folder.string) else { return }
        defer { closedir(stream) }
        while let entry = try nextEntry(of: stream, folder.string) {
            guard entry.pointee.d_type == UInt8(DT_UNKNOWN) else { continue }
            let remedy =
                switch backing {
                case .xfs: "reformat the filesystem with ftype=1 to enable d_type support"
                case .ext: "reformat the filesystem (or use tune2fs) with -O filetype flag to enable d_type support"
                default: "choose another file system, or vfs"
                }
            let reason =
                "the backing \(backing) filesystem is formatted without d_type support, which leads to incorrect behavior"
            throw DriverError.unsupported(driver: driver, reason: reason, remedy: remedy)
        }
    }

    private static func requireMark(
        on folder: FilePath,
        backing: FileSystemType,
        for driver: String
    ) throws {
        do { try setExtendedAttribute(mark, [UInt8(ascii: "y")], at: folder) } catch {
            throw refusal(error, backing: backing, for: driver)
        }
    }

    private static let mark = "trusted.overlay.opaque"

    private static func refusal(
        _ error: SystemError,
        backing: FileSystemType,
        for driver: String
    ) -> DriverError {
        let remedy =
            switch error.errno {
            case .notPermitted, .permissionDenied: "run the daemon as root"
            case Errno(rawValue: ENODEV): "load the kernel module: modprobe overlay"
            default: "put the data root on ext4, xfs or btrfs, or choose vfs"
            }
        let reason = "overlayfs does not work on this host's \(backing): \(error)"
        return .unsupported(driver: driver, reason: reason, remedy: remedy)
    }
}
