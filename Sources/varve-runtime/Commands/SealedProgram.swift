import CLinux
import Glibc
import Linux
import SystemPackage

/// This program, run from where nothing can change it: a container that gets hold of the program of the process that enters
/// it can't overwrite what the host runs next (CVE-2019-5736).
enum SealedProgram {
    /// Begins anew from such a place, unless this process has; returns only if it has.
    static func enter() throws {
        // Not to be traced or looked into by what runs in containers (CVE-2016-9962).
        _ = linux_prctl(CInt(LINUX_PR_SET_DUMPABLE), 0, 0)
        let own = "/proc/self/exe"
        let source = OwnedDescriptor(try sys("open \(own)") { open(own, O_RDONLY | O_CLOEXEC) })
        if linux_is_sealed(source.rawValue) == 1 || isHidden(source.rawValue) {
            // Started from a descriptor it would be called by that one's number.
            "varve-runtime".withCString { _ = linux_prctl(CInt(LINUX_PR_SET_NAME), UInt(bitPattern: $0), 0) }
            return
        }
        // A copy takes some milliseconds, and as much memory as the program has bytes.
        if let view = try? hide() { try? run(view.rawValue) }
        let sealed = try copy(source.rawValue)
        try run(sealed.rawValue)
    }

    private static func run(_ program: CInt) throws {
        let arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        try sys("run varve-runtime again") { execve("/proc/self/fd/\(program)", arguments, environ) }
    }

    /// It in a memory file that is sealed.
    private static func copy(_ source: CInt) throws -> OwnedDescriptor {
        let copy = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("varve-runtime") })
        while try sys("copy varve-runtime", { sendfile(copy.rawValue, source, nil, 1 << 30) }) > 0 {}
        // The kernel refuses as long as it has a page of it in hand. (man 2 fcntl, F_ADD_SEALS, EBUSY)
        for attempt in 1... {
            if linux_seal(copy.rawValue) == 0 { break }
            guard attempt < 100 else { throw SystemError("seal the copy of varve-runtime", .resourceBusy) }
            usleep(10_000)
        }
        return copy
    }

    /// It through an overlay that is mounted nowhere: without an upper layer that can't be made writable by anybody, and the
    /// file below can't be reached through it. Fails on older kernels, where an overlay can't have layers
    /// that are mounted nowhere, and where the program's file system can be in none.
    private static func hide() throws -> OwnedDescriptor {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = try sys("look for varve-runtime") { readlink("/proc/self/exe", &buffer, buffer.count - 1) }
        let path = FilePath(platformString: buffer[..<length] + [0])
        // The kernel wants two layers.
        let empty = try Mount(type: "tmpfs", source: "tmpfs").makeDetached()
        let layers = [path.removingLastComponent().string, "/proc/self/fd/\(empty.rawValue)"]
        let options = layers.map { "lowerdir+=\($0)" }
        let view = try Mount(type: "overlay", source: "overlay", options: options).makeDetached()
        let name = path.lastComponent?.string ?? ""
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW
        return OwnedDescriptor(try sys("open \(path) in an overlay") { openat(view.rawValue, name, flags) })
    }

    /// Whether the file is in a read-only overlay that is mounted nowhere.
    private static func isHidden(_ file: CInt) -> Bool {
        var status = statvfs()
        guard fstatvfs(file, &status) == 0, status.f_flag & UInt(ST_RDONLY) != 0,
            (try? FileSystemType(of: FilePath(place(file)))) == .overlay,
            let text = try? readFile(FilePath("/proc/self/fdinfo/\(file)"), limit: 4096),
            let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first(where: {
                $0.hasPrefix("mnt_id:")
            }),
            let number = line.split(whereSeparator: \.isWhitespace).last.flatMap({ Int($0) }),
            let mounts = try? MountInfo.all()
        else { return false }
        return !mounts.contains { $0.id == number }
    }
}
