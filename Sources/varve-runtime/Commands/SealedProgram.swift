import CLinux
import Glibc
import Linux
import SystemPackage

/// This program, run from a memory file that nothing can change: a container that gets hold of the program of the process
/// that enters it can't overwrite what the host runs next (CVE-2019-5736).
enum SealedProgram {
    /// Begins anew from such a file, unless this process has; returns only if it has.
    static func enter() throws {
        // Not to be traced or looked into by what runs in containers (CVE-2016-9962).
        _ = linux_prctl(CInt(LINUX_PR_SET_DUMPABLE), 0, 0)
        let own = "/proc/self/exe"
        let source = OwnedDescriptor(try sys("open \(own)") { open(own, O_RDONLY | O_CLOEXEC) })
        if linux_is_sealed(source.rawValue) == 1 {
            // Started from a memory file it would be called by that file's number.
            "varve-runtime".withCString { _ = linux_prctl(CInt(LINUX_PR_SET_NAME), UInt(bitPattern: $0), 0) }
            return
        }
        let copy = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("varve-runtime") })
        while try sys("copy \(own)", { sendfile(copy.rawValue, source.rawValue, nil, 1 << 30) }) > 0 {}
        // The kernel refuses as long as it has a page of it in hand. (man 2 fcntl, F_ADD_SEALS, EBUSY)
        for attempt in 1... {
            if linux_seal(copy.rawValue) == 0 { break }
            guard attempt < 100 else { throw SystemError("seal the copy of \(own)", .resourceBusy) }
            usleep(10_000)
        }
        let arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        try sys("run the copy of \(own)") { execve("/proc/self/fd/\(copy.rawValue)", arguments, environ) }
    }
}
