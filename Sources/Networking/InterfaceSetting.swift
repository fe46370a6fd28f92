import Glibc
package import Linux
import SystemPackage

/// Files of `/proc/sys/net`, which are those of the calling thread's network namespace.
package enum InterfaceSetting {
    /// Gives a setting its value.
    package static func set(_ path: String, _ value: String) throws(SystemError) {
        let file = FilePath("/proc/sys/net").appending(path)
        let descriptor = OwnedDescriptor(try sys("open \(file)") { open(file.string, O_WRONLY | O_CLOEXEC) })
        try sys("write \(value) to \(file)") { write(descriptor.rawValue, value, value.utf8.count) }
    }

    /// What a setting is; empty where the kernel has none.
    package static func value(_ path: String) -> String {
        guard let bytes = try? readFile(FilePath("/proc/sys/net").appending(path)) else { return "" }
        return String(decoding: bytes, as: UTF8.self).trimmingPrefix { $0 == " " }.prefix { $0 != "\n" }.description
    }

    /// No packet of IPv6 goes through the interface; a kernel without IPv6 lets none through anyway.
    package static func disableIPv6(of name: String) { try? set("ipv6/conf/\(name)/disable_ipv6", "1") }

    /// Lets the host pass packets on between interfaces; says whether it did not before.
    package static func forward(ipv6: Bool) throws(SystemError) -> Bool {
        let path = ipv6 ? "ipv6/conf/all/forwarding" : "ipv4/ip_forward"
        guard value(path) != "1" else { return false }
        try set(path, "1")
        return true
    }
}
