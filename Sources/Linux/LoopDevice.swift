import CLinux
import Glibc
public import SystemPackage

/// A file shown as a block device; the kernel lets the device go when nobody has it open or mounted any more.
public struct LoopDevice: ~Copyable, Sendable {
    private let descriptor: OwnedDescriptor
    /// `/dev/loop7`.
    public let path: FilePath

    /// Attaches `file` to a free loop device.
    ///
    /// The system call is `ioctl` with `LOOP_CTL_GET_FREE` and `LOOP_CONFIGURE` (Linux 5.8).
    public init(file: FilePath, isReadOnly: Bool = false) throws(SystemError) {
        let flags = (isReadOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC
        let backing = OwnedDescriptor(try sys("open \(file)") { open(file.string, flags) })
        var number: CInt = -1
        descriptor = OwnedDescriptor(
            try sys("attach \(file) to a loop device") {
                linux_loop_attach(backing.rawValue, isReadOnly ? 1 : 0, &number)
            }
        )
        path = FilePath("/dev/loop\(number)")
    }

    /// The loop device that shows `file`, whoever attached it; nil if none does.
    public static func showing(_ file: FilePath) throws -> FilePath? {
        let backing = OwnedDescriptor(try sys("open \(file)") { open(file.string, O_RDONLY | O_CLOEXEC) })
        for name in try listFolder("/sys/block") where exists(FilePath("/sys/block/\(name)/loop/backing_file")) {
            let path = FilePath("/dev/\(name)")
            let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
            if descriptor < 0 { continue }  // gone since
            let loop = OwnedDescriptor(descriptor)
            if try sys("look at \(path)", { linux_loop_shows(loop.rawValue, backing.rawValue) }) == 1 { return path }
        }
        return nil
    }
}
