import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage

// The kernel keeps what was read by mount: two mounts of one image file have two copies in memory, and none once they
// end. So each image is mounted once, when it is first asked for, and stays so until the layer or the daemon goes.

/// Which images are mounted: the kernel knows, this only lets nobody mount one twice.
final class ImageMounts: Sendable {
    private let way: ImageMount
    private let lock = Mutex(())

    init(_ way: ImageMount) { self.way = way }

    /// The root of the layer in `folder`, whose image is mounted there. Throws `damaged` where it is not what was written.
    func root(of folder: FilePath) throws -> FilePath {
        let root = folder.appending("tree").appending(layerFolder)
        if isFolder(root) { return root }
        try lock.withLock { _ in
            if isFolder(root) { return }
            let image = folder.appending("image")
            do {
                try ImageSeal.check(folder)
                try way.with(image) { try $0.make(at: folder.appending("tree")) }
                // The first look reads the folder above the layer.
                try look(at: root)
            } catch let error as SystemError where Self.damage.contains(error.errno) {
                let reason = "the kernel can't read it as an image (\(error)); remove the image and fetch it again"
                throw DriverError.damaged(driver: EROFS.name, image, reason: reason)
            }
        }
        return root
    }

    private func look(at root: FilePath) throws {
        do { try sys("look at \(root)") { access(root.string, F_OK) } } catch {
            try? unmount(root.removingLastComponent(), detach: true)  // the first error is the one to report
            throw error
        }
    }

    /// A block that differs from its digest, a structure that can't be one, no image at all.
    private static let damage: Set<Errno> = [
        .ioError, .invalidArgument, .badMessage, .noSuchFileOrDirectory, Errno(rawValue: EUCLEAN),
    ]

    /// Takes the mount away, also one that a killed daemon left.
    func end(_ folder: FilePath) throws {
        let place = folder.appending("tree")
        try lock.withLock { _ in
            // Two daemons at once may have mounted it twice.
            for _ in 0..<16 where isFolder(place.appending(layerFolder)) { try unmount(place, detach: true) }
        }
    }
}
