import CVerity
import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// What keeps an image as it was written, where the file system can: fs-verity.
///
/// The kernel then lets nobody write to the file, and checks each block of it by a tree of digests when it is read from the
/// disk: what differs is not read. The tree's own digest stands in the layer's record, `verity`, and costs one system call
/// to compare; to read all of an image before it is mounted would cost what the driver is there to save.
enum ImageSeal {
    /// Seals an image; nil where the file system can't.
    static func seal(_ image: FilePath) throws(SystemError) -> String? {
        let file = try open(image)
        let descriptor = file.rawValue
        do throws(SystemError) {
            try sys("seal \(image) with fs-verity") { varve_verity_seal(descriptor) }
        } catch {
            if unknown.contains(error.errno) { return nil }
            // Somebody was faster.
            guard error.errno == .fileExists else { throw error }
        }
        return try digest(of: descriptor, image)
    }

    /// Compares a layer's image with its record, if it has one. Throws `damaged`.
    ///
    /// An image that came from another disk is no longer sealed: that is done again here, which reads it all, once.
    static func check(_ folder: FilePath) throws {
        let record = folder.appending("verity")
        let bytes: [UInt8]
        do { bytes = try readFile(record, limit: 1 << 10) } catch let error as SystemError
            where error.errno == .noSuchFileOrDirectory
        { return }
        let image = folder.appending("image")
        let known = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard let found = try measure(image) ?? seal(image), found != known else { return }
        let reason =
            "its fs-verity digest is \(found), and \(known) when it was written; remove the image and fetch it again"
        throw DriverError.damaged(driver: EROFS.name, image, reason: reason)
    }

    /// The digest of a sealed image; nil where it isn't.
    static func measure(_ image: FilePath) throws(SystemError) -> String? {
        let file = try open(image)
        return try digest(of: file.rawValue, image)
    }

    private static func digest(of file: CInt, _ image: FilePath) throws(SystemError) -> String? {
        var digest = [UInt8](repeating: 0, count: 32)
        do throws(SystemError) {
            let count = try sys("ask for the fs-verity digest of \(image)") { varve_verity_measure(file, &digest) }
            let hex = digest[..<Int(count)].map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
            return hex.joined()
        } catch {
            if error.errno == .noData || unknown.contains(error.errno) { return nil }
            throw error
        }
    }

    private static func open(_ image: FilePath) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(try sys("open \(image)") { Glibc.open(image.string, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) })
    }

    /// How file systems and kernels say that they can't.
    private static let unknown: Set<Errno> = [
        .invalidArgument, .noFunction, Errno(rawValue: ENOTTY), Errno(rawValue: EOPNOTSUPP), Errno(rawValue: ENOPKG),
    ]
}
