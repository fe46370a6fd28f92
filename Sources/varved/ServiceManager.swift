import Glibc

/// The service manager that started the daemon, if one did and wants to hear of it (man 3 sd_notify).
struct ServiceManager: Sendable {
    private let address: String?

    /// Once, while there is one thread: containers are not to find it.
    static func take() -> ServiceManager {
        let name = "NOTIFY_SOCKET"
        let address = getenv(name).map { String(cString: $0) }
        unsetenv(name)
        return ServiceManager(address: address)
    }

    func ready() { send("READY=1\nSTATUS=Serving the API\nMAINPID=\(getpid())") }

    func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
    }

    func stopping() { send("STOPPING=1\nSTATUS=Waiting for requests under way") }

    /// A manager that can't be told is no reason to stop working.
    private func send(_ text: String) {
        guard let address, address.hasPrefix("/") || address.hasPrefix("@") else { return }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(address.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else { return }
        // An abstract socket: its name begins with a zero, and its length counts.
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2) + socklen_t(bytes.count)
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = Array(text.utf8)
        withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { to in
                _ = sendto(descriptor, message, message.count, CInt(MSG_NOSIGNAL), to, length)
            }
        }
    }
}
