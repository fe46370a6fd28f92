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
}
