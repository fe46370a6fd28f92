import CLinux
import Glibc
import Linux
import SystemPackage

/// Gives files of the host a context that a container may have: `:z` and `:Z` of a volume, and a container's own files.
enum Relabelling {
    private static let attribute = "security.selinux"

    /// Folders that the host itself needs: with a container's context it would start no more. Docker's list.
    private static let excluded: Set<FilePath> = [
        "/", "/bin", "/boot", "/dev", "/etc", "/etc/passwd", "/etc/pki", "/etc/shadow", "/home", "/lib", "/lib64",
        "/media", "/opt", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/var/lib",
        "/var/log",
    ]

    /// Throws where `path`, which has no links any more, is the host's own.
    static func check(_ path: FilePath, home: String? = nil) throws {
        let path = path.lexicallyNormalized()
        guard excluded.contains(path) || home.map({ FilePath($0).lexicallyNormalized() == path }) ?? false else {
            return
        }
        throw EngineError(
            .invalid,
            "SELinux relabeling of \(path) is not allowed: the host needs it. Mount a folder below it, or without 'z' and 'Z'"
        )
    }

    /// The context for files of one container; for those of several, that without categories.
    static func context(_ label: String, isShared: Bool) throws -> String {
        var context = try SecurityContext(label)
        if isShared, !context.level.isEmpty { context.level = "s0" }
        return context.description
    }

    /// All that is at `path` and below; where the file system has no contexts, nothing.
    static func relabel(_ path: FilePath, as label: String) throws {
        let label = Array(label.utf8)
        do { try relabelTree(path, label) } catch let error as SystemError where error.errno == .notSupported {}
    }

    private static func relabelTree(_ path: FilePath, _ label: [UInt8]) throws {
        guard isFolder(path) else { return try setExtendedAttribute(attribute, label, at: path) }
        let root = OwnedDescriptor(
            try sys("open \(path)") { open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        )
        try walkFolders(root.rawValue) { folder, place in
            try set(label, of: "", in: folder, "\(path)\(place)")
            var below: [FileName] = []
            for name in try entries(of: folder, "\(path)\(place)") {
                var status = stat()
                // It may be gone by now.
                if name.withCString({ fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) }) != 0 { continue }
                if status.st_mode & S_IFMT == S_IFDIR {
                    below.append(name)
                } else {
                    try name.withCString { try set(label, of: $0, in: folder, "a file in \(path)\(place)") }
                }
            }
            return below
        }
    }

    private static func set(
        _ label: [UInt8],
        of name: UnsafePointer<CChar>,
        in folder: CInt,
        _ object: @autoclosure () -> String
    ) throws {
        let now = try extendedAttribute(attribute, of: name, in: folder, object())
        if now.map({ Array($0.prefix { $0 != 0 }) }) == label { return }
        do throws(SystemError) {
            try sys("set the SELinux context of \(object())") {
                linux_set_xattr(folder, name, attribute, label, label.count)
            }
        } catch { if error.errno != .noSuchFileOrDirectory { throw error } }
    }
}
