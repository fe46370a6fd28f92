import CLinux
import Glibc
import Linux
import SystemPackage

/// The container's tree while it is being set up, before it becomes `/`: paths are resolved with it as root, so that no
/// link of the image leads out (CVE-2019-19921, CVE-2021-30465).
struct ContainerRoot: ~Copyable {
    private let folder: OwnedDescriptor

    init(_ path: String) throws {
        folder = OwnedDescriptor(try sys("open \(path)") { Glibc.open(path, LINUX_O_PATH | O_DIRECTORY | O_CLOEXEC) })
    }

    var descriptor: CInt { folder.rawValue }

    /// A handle on what `path` is now; mounts made on it later are seen by the next call.
    func open(_ path: String) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(
            try sys("open \(path) in the container") { linux_open_in_root(folder.rawValue, path, UInt64(LINUX_O_PATH)) }
        )
    }

    /// Where an open file is, as the container will call it.
    func path(of descriptor: CInt) throws -> String {
        let (own, whole) = (try Self.link(folder.rawValue), try Self.link(descriptor))
        if whole == own { return "/" }
        guard whole.hasPrefix(own + "/") else { throw StepError("\(whole) is not in the container") }
        return String(whole.dropFirst(own.count))
    }

    private static func link(_ descriptor: CInt) throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = try sys("look at a mount point") { readlink(place(descriptor), &buffer, buffer.count) }
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A handle on the folder at `path`, which is made, with its parents, where it is missing.
    func makeFolder(_ path: String, mode: mode_t = 0o755) throws -> OwnedDescriptor {
        var done = ""
        for component in FilePath(path).lexicallyNormalized().components where component.kind == .regular {
            let parent = try open(done.isEmpty ? "/" : done)
            done += "/" + component.string
            if mkdirat(parent.rawValue, component.string, mode) == 0 { continue }
            if errno != EEXIST { throw SystemError("mkdir \(done) in the container", Errno(rawValue: errno)) }
        }
        let made = try open(done.isEmpty ? "/" : done)
        guard try Self.type(of: made.rawValue) == S_IFDIR else {
            throw StepError("Cannot mkdir: \(path) is not a directory")
        }
        return made
    }

    /// A handle on the file at `path`, which is made empty, with its folder, where it is missing.
    func makeFile(_ path: String) throws -> OwnedDescriptor {
        let place = FilePath(path).lexicallyNormalized()
        let parent = try makeFolder(place.removingLastComponent().string)
        let name = place.lastComponent?.string ?? ""
        let made = openat(parent.rawValue, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o755)
        if made >= 0 { close(made) }
        return try open(path)
    }

    /// `S_IFDIR`, `S_IFREG`, … of an open file.
    static func type(of descriptor: CInt) throws(SystemError) -> mode_t {
        var status = stat()
        try sys("look at a mount point") { fstat(descriptor, &status) }
        return status.st_mode & S_IFMT
    }
}

/// How mount(2) names an open file: no path is looked up again.
func place(_ descriptor: CInt) -> String { "/proc/self/fd/\(descriptor)" }

/// `O_PATH`, which Glibc hides without `_GNU_SOURCE`.
let LINUX_O_PATH: CInt = 0o10000000
