import Glibc
import Linux

/// Kernel settings of the container's namespaces, written through its own fresh `/proc`.
enum Sysctls {
    static func apply(_ settings: [String: String], in root: borrowing ContainerRoot) throws {
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard key.hasPrefix("net.") || key.hasPrefix("kernel.") || key.hasPrefix("fs.mqueue."), !key.contains("..")
            else {
                throw StepError("sysctl \(key) is not in a separate kernel namespace")
            }
            let path = "/proc/sys/" + key.replacing(".", with: "/")
            // A kernel built without the feature (IPv4, say) has no such file; Docker's own defaults must not fail on it.
            guard let handle = try? root.open(path) else { continue }
            let file = OwnedDescriptor(try sys("open \(path)") { open(place(handle.rawValue), O_WRONLY | O_CLOEXEC) })
            try sys("set \(key) to \(value)") { write(file.rawValue, value, value.utf8.count) }
        }
    }
}

extension String {
    /// `self` with every `old` replaced.
    fileprivate func replacing(_ old: Character, with new: Character) -> String { String(map { $0 == old ? new : $0 }) }
}
