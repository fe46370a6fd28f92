import CLinux
import Glibc
import Linux
import OCI
import SystemPackage

/// The kernel's own files in a container's `/proc`: nothing may be mounted over them, which would make them tell, and what is
/// written there change, something else (CVE-2019-16884, CVE-2025-52881).
enum ProcFiles {
    /// Files with nothing but figures, which lxcfs puts its own over, as runc lets it.
    private static let replaceable: Set<String> = [
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
        "/proc/loadavg",
        "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
    ]

    /// Throws where `target` is one of them, or `/proc` itself and what comes there is no `proc`.
    static func keep(
        _ target: borrowing OwnedDescriptor,
        from source: CInt?,
        _ entry: RuntimeMount,
        in root: borrowing ContainerRoot
    ) throws {
        let path = try root.path(of: target.rawValue)
        if path == "/proc" {
            if entry.type == "proc" { return }
            guard let source, try isOfProc(source) else {
                throw StepError("\(entry.destination) would be mounted over the container's /proc")
            }
        } else if path.hasPrefix("/proc/"), !replaceable.contains(path) {
            throw StepError("\(entry.destination) would be mounted over the kernel's files in /proc")
        }
    }

    static func isOfProc(_ descriptor: CInt) throws -> Bool {
        try FileSystemType(of: FilePath(place(descriptor))).magic == 0x9fa0  // man 2 statfs: PROC_SUPER_MAGIC
    }
}
