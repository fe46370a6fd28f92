import CLinux
import Glibc
public import SystemPackage

/// Takes the flags away that keep a file or folder from being changed or deleted (`chattr +i`, `+a`); follows no link.
///
/// What is neither file nor folder has no flags. The call is `ioctl` with `FS_IOC_SETFLAGS`.
func allowChanges(of name: UnsafePointer<CChar>, in folder: CInt) throws(SystemError) {
    var status = stat()
    try sys("look at \(String(cString: name))") { fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) }
    guard [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return }
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let file = OwnedDescriptor(try sys("open \(String(cString: name))") { openat(folder, name, flags) })
    var set: UInt32 = 0
    try sys("read the flags of \(String(cString: name))") { linux_get_file_flags(file.rawValue, &set) }
    let kept = set & ~UInt32(LINUX_FILE_IMMUTABLE | LINUX_FILE_APPEND)
    if kept == set { return }
    try sys("set the flags of \(String(cString: name))") { linux_set_file_flags(file.rawValue, kept) }
}

/// The same for what is at `path`, by which no link is followed.
public func allowChanges(_ path: FilePath) throws(SystemError) {
    let folder = OwnedDescriptor(
        try sys("open the folder of \(path)") {
            open(path.removingLastComponent().string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
    )
    try allowChanges(of: path.lastComponent?.string ?? ".", in: folder.rawValue)
}
