import CLinux
import Glibc
import Linux
import OCI

/// A time namespace of the calling process's own (man 7 time_namespaces): its clocks are set while nobody is in it.
enum TimeNamespace {
    static func make(_ offsets: [String: RuntimeTimeOffset]) throws {
        try sys("make a time namespace") { linux_unshare(CInt(LINUX_NEWTIME)) }
        if !offsets.isEmpty {
            let lines = offsets.sorted { $0.key < $1.key }
                .map { "\($0.key) \($0.value.secs ?? 0) \($0.value.nanosecs ?? 0)\n" }.joined()
            try writeControl("/proc/self/timens_offsets", lines)
        }
        // Made for children; the program is to be in it, too.
        let path = "/proc/self/ns/time_for_children"
        let made = OwnedDescriptor(try sys("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) })
        try sys("enter the time namespace") { linux_setns(made.rawValue, CInt(LINUX_NEWTIME)) }
    }
}

/// Writes a file of the kernel's at once.
func writeControl(_ path: String, _ text: String) throws {
    let file = OwnedDescriptor(try sys("open \(path)") { open(path, O_WRONLY | O_CLOEXEC) })
    try sys("write \(text) to \(path)") { write(file.rawValue, text, text.utf8.count) }
}
