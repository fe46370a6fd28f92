import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// How an image becomes a mount.
enum ImageMount: String, Sendable {
    /// By its file: Linux 6.12, on file systems that let the kernel read files so.
    case file
    /// By a loop device, which ends with its last mount.
    case loop

    /// What `erofs.mount` says; nil: whichever works.
    static func asked(in options: DriverOptions) throws -> ImageMount? {
        var asked: ImageMount?
        for (key, value) in options.values where key.lowercased() == optionKey {
            asked = ImageMount(rawValue: value)
            guard asked != nil || value == "auto" else {
                let reason = "'\(value)' is none of auto, file and loop"
                throw DriverError.invalidOption(driver: EROFS.name, key: key, reason: reason)
            }
        }
        return asked
    }

    static let optionKey = "erofs.mount"

    /// Hands `body` what is to be mounted.
    func with(_ image: FilePath, _ body: (Mount) throws -> Void) throws {
        if self == .file { return try Self.withFile(image, body) }
        let loop = try LoopDevice(file: image, isReadOnly: true)
        try body(Mount(type: "erofs", source: loop.path.string, options: ["ro"]))
        withExtendedLifetime(loop) {}
    }

    /// What is read is kept in memory once: without `directio` (Linux 6.15) the image's own file would be there, too.
    private static func withFile(_ image: FilePath, _ body: (Mount) throws -> Void) throws {
        do { try body(Mount(type: "erofs", source: image.string, options: ["ro", "directio"])) } catch let error
            as SystemError where error.errno == .invalidArgument
        {
            try body(Mount(type: "erofs", source: image.string, options: ["ro"]))
        }
    }
}

/// What this host's EROFS can do with files in a folder, found out by doing it.
struct ImageSupport: Sendable {
    let mount: ImageMount
    /// Whether images are sealed: `ImageSeal`.
    let isSealed: Bool

    /// Makes and mounts an image, in a fresh folder below `place`. No folder shows the mount, so a kill takes it along.
    init(in place: FilePath, asked: ImageMount?) throws {
        try Self.clean(place)
        let scratch = try AtomicFolder(in: place, prefix: Self.prefix)
        defer { try? scratch.cancel() }  // what stays is deleted by the next start: `clean`
        let lock = try FolderLock(scratch.path)
        guard try lock.take() else { throw SystemError("lock \(scratch.path)", .wouldBlock) }
        defer { withExtendedLifetime(lock) {} }
        let image = scratch.path.appending("image")
        let empty = BufferSource([UInt8](repeating: 0, count: 1024))
        _ = try writeImage(of: empty, to: image, isFirst: true, limits: ArchiveLimits())
        isSealed = try ImageSeal.seal(image) != nil
        do { mount = try Self.tryMount(image, asked) } catch {
            let reason = "EROFS does not work on this host: \(error)"
            let remedy =
                asked == .file
                ? "leave \(ImageMount.optionKey)=file out, so that loop devices are used (Linux 6.12 needs none)"
                : "load the kernel module (modprobe erofs; Linux 6.12 or later is best), or choose overlay2"
            throw DriverError.unsupported(driver: EROFS.name, reason: reason, remedy: remedy)
        }
    }

    private static func tryMount(_ image: FilePath, _ asked: ImageMount?) throws -> ImageMount {
        func attempt(_ way: ImageMount) throws -> ImageMount {
            try way.with(image) { mount in
                let tree = try DetachedTree([mount])
                guard isFolder(tree.path.appending(layerFolder)) else {
                    throw SystemError("find the folder of an image that was just mounted", .noSuchFileOrDirectory)
                }
            }
            return way
        }
        if let asked { return try attempt(asked) }
        do { return try attempt(.file) } catch let error as SystemError {
            // ENOTBLK: this kernel, or this file system, wants a block device.
            guard error.errno == Errno(rawValue: ENOTBLK) else { throw error }
            return try attempt(.loop)
        }
    }

    /// Deletes what was left by those who were killed while they tried: their lock ended with them.
    static func clean(_ place: FilePath) throws {
        for folder in try FolderLock.abandoned(in: place, prefix: prefix) { try? removeTree(folder) }
    }

    private static let prefix = ".check-erofs-"
}
