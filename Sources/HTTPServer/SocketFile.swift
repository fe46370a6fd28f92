package import Glibc
import Linux
package import SystemPackage

/// A listening UNIX socket in the file system.
package struct SocketFile: Sendable {
    package let path: String
    private let inode: UInt64

    /// Binds and listens.
    ///
    /// A file that nobody listens on is taken over; the socket is at no moment open to more than `mode`.
    package static func listen(
        path: String,
        mode: mode_t,
        group: String? = nil
    ) throws -> (SocketFile, SystemPackage.FileDescriptor) {
        try removeStale(path)
        let type = CInt(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK
        let descriptor = OwnedDescriptor(try sys("create a socket") { socket(AF_UNIX, type, 0) })
        // bind gives the file the mode that the socket has (less the umask): private until the group is set.
        try sys("restrict socket \(path)") { fchmod(descriptor.rawValue, 0o600) }
        try withAddress(path) { address, length in
            try sys("bind socket \(path)") { bind(descriptor.rawValue, address, length) }
        }
        if let group, let found = getgrnam(group)?.pointee {
            try sys("give socket \(path) to group \(group)") { chown(path, uid_t.max, found.gr_gid) }
        }
        try sys("set the mode of socket \(path)") { chmod(path, mode) }
        try sys("listen on \(path)") { Glibc.listen(descriptor.rawValue, 512) }
        var status = stat()
        try sys("stat \(path)") { lstat(path, &status) }
        return (SocketFile(path: path, inode: UInt64(status.st_ino)), descriptor.release())
    }

    /// Removes the file, if it is still ours.
    package func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, UInt64(status.st_ino) == inode else { return }
        unlink(path)
    }

    private static func removeStale(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw HTTPError.notASocket(path: path) }
        let type = CInt(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK
        let probe = OwnedDescriptor(try sys("create a socket") { socket(AF_UNIX, type, 0) })
        do {
            try withAddress(path) { address, length in
                try sys("connect to \(path)") { connect(probe.rawValue, address, length) }
            }
        } catch let error as SystemError
            where error.errno == .connectionRefused || error.errno == .noSuchFileOrDirectory
        {
            unlink(path)
            return
        } catch let error as SystemError where error.errno == .wouldBlock {
            // Its queue is full, so somebody listens.
        }
        throw HTTPError.socketInUse(path: path)
    }
}

/// Calls `body` with the address of the socket at `path`.
@discardableResult
private func withAddress<T>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> T) throws -> T {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
        throw HTTPError.pathTooLong(path: path)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return try withUnsafePointer(to: address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
