import CLinux
import Glibc
public import SystemPackage

/// Deletes what is at `path` with all that is below, following no link; nothing there is no error.
///
/// What is mounted below is not touched, and refused with `EXDEV` (before Linux 5.6: emptied, and `EBUSY`): unmount first. A tree deeper than there are descriptors
/// is no obstacle: what is too deep is moved up and deleted from there.
public func removeTree(_ path: FilePath) throws {
    do {
        try sys("delete \(path)") { path.withPlatformString { unlink($0) } }
        return
    } catch {
        switch error.errno {
        case .noSuchFileOrDirectory, .notDirectory: return
        case .isDirectory, .notPermitted: break  // `unlink` on a folder is EISDIR on Linux, EPERM in POSIX
        default: throw error
        }
    }
    let top = try openTop(path)
    var remover = TreeRemover(top: top, path: path)
    defer { close(remover.top) }
    try remover.clear()
    try sys("delete folder \(path)") { path.withPlatformString { rmdir($0) } }
}

/// The folder, and not what is mounted on it.
private func openTop(_ path: FilePath) throws -> CInt {
    var parent = path.removingLastComponent()
    if parent.isEmpty { parent = "." }
    // Not `string`: a name need not be UTF-8.
    let above = OwnedDescriptor(
        try sys("open \(parent)") { parent.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } }
    )
    let name = FilePath(root: nil, path.lastComponent.map { [$0] } ?? [])
    return try sys("open \(path)") {
        name.withPlatformString { linux_open_same_mount(above.rawValue, $0, UInt64(O_RDONLY | O_DIRECTORY)) }
    }
}

private struct TreeRemover {
    /// The folder that is deleted.
    let top: CInt
    let path: FilePath
    private var moved = 0
    private static let deepest = 100

    init(top: CInt, path: FilePath) {
        self.top = top
        self.path = path
    }

    mutating func clear() throws {
        var before = -1
        while before != moved {
            before = moved
            try clear(sys("duplicate a descriptor") { fcntl(top, F_DUPFD_CLOEXEC, 0) }, depth: 0)
        }
    }

    /// Empties the folder behind `descriptor`, which is closed at the end.
    private mutating func clear(_ descriptor: CInt, depth: Int) throws {
        guard let folder = fdopendir(descriptor) else {
            close(descriptor)
            throw SystemError("list below \(path)", .noMemory)
        }
        defer { closedir(folder) }
        rewinddir(folder)
        while let entry = try nextEntry(of: folder, "below \(path)") {
            let isFolder = entry.pointee.d_type == UInt8(DT_DIR)
            try withUnsafeMutablePointer(to: &entry.pointee.d_name) {
                try $0.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                    if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return }
                    if !isFolder, unlinkat(descriptor, name, 0) == 0 { return }
                    try removeFolder(name, in: descriptor, depth: depth)
                }
            }
        }
    }

    private mutating func removeFolder(_ name: UnsafePointer<CChar>, in parent: CInt, depth: Int) throws {
        if depth == Self.deepest {
            moved += 1
            let aside = ".varve-deep-\(randomHex(bytes: 8))"
            return try change(name, in: parent) { () throws(SystemError) in
                try sys("move a folder up in \(path)") { renameat(parent, name, top, aside) }
            }
        }
        let flags = UInt64(O_RDONLY | O_DIRECTORY)
        do {
            let child = try sys("open \(String(cString: name)) below \(path)") {
                linux_open_same_mount(parent, name, flags)
            }
            try clear(child, depth: depth + 1)
            try remove(name, in: parent, AT_REMOVEDIR)
        } catch let error as SystemError where error.errno == .notDirectory {
            try remove(name, in: parent, 0)
        } catch let error as SystemError where error.errno == .noSuchFileOrDirectory {
            // Somebody else deleted it: what we wanted.
        }
    }

    private func remove(_ name: UnsafePointer<CChar>, in parent: CInt, _ flags: CInt) throws {
        try change(name, in: parent) { () throws(SystemError) in
            try sys("delete \(String(cString: name)) below \(path)") { unlinkat(parent, name, flags) }
        }
    }

    /// `chattr +i` or `+a`, of the entry, of the folder it is in or of the one that is deleted, is no obstacle.
    private func change(_ name: UnsafePointer<CChar>, in parent: CInt, _ call: () throws(SystemError) -> Void) throws {
        do { try call() } catch {
            guard error.errno == .notPermitted else { throw error }
            for (entry, folder) in [(FileName("."), parent), (FileName(name), parent), (FileName("."), top)] {
                try? entry.withCString { try allowChanges(of: $0, in: folder) }  // the second try says what is wrong
            }
            try call()
        }
    }
}
