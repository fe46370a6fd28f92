import CLinux
import Glibc
import Linux
import RuntimeProtocol
import SystemPackage

/// The ports of the host that lead to the container.
///
/// They are held by sockets, so that nobody else can take them and whoever tries is told so. What comes from other machines the
/// packet filter leads to the container before it gets to them; what gets there, from the host itself to its loopback
/// address, or by IPv6 to a container without, a process of its own passes on (`PortProxy`). It ends with the monitor.
struct PublishedPorts {
    private(set) var proxy: pid_t = -1
    /// Held here too where nothing can be passed on.
    private var sockets: [PortSocket] = []

    /// Takes these ports instead of those before; refused, those before are lost as well.
    mutating func publish(_ requests: [PortRequest]) throws -> [[BoundPort]] {
        end()
        var taken: [[BoundPort]] = []
        // What the container's processes have is the monitor's: it gets its own back.
        let limit = Self.raiseLimit()
        defer { if let limit { _ = linux_set_open_files(0, limit.soft, limit.hard) } }
        do {
            for request in requests {
                let new = try PortSocket.bind(request)
                sockets += new
                taken.append(new.map { BoundPort(address: $0.address, port: $0.port) })
            }
            try startProxy()
        } catch {
            end()
            throw error
        }
        return taken
    }

    private mutating func startProxy() throws {
        let sockets = self.sockets.filter { $0.descriptor >= 0 }
        guard !sockets.isEmpty else { return }
        let parent = getpid()
        proxy = try sys("start the process that passes connections on") { linux_clone(0, -1) }
        if proxy == 0 { PortProxy.run(sockets, parent: parent) }
    }

    /// Lets this process have as many descriptors as it may; gives what it had.
    @discardableResult
    static func raiseLimit() -> (soft: UInt64, hard: UInt64)? {
        var (soft, hard) = (UInt64(0), UInt64(0))
        guard linux_get_open_files(&soft, &hard) == 0, linux_set_open_files(0, hard, hard) == 0 else { return nil }
        return (soft, hard)
    }

    /// Gives the ports back.
    mutating func end() {
        for socket in sockets where socket.descriptor >= 0 { close(socket.descriptor) }
        sockets = []
        guard proxy > 0 else { return }
        var status: CInt = 0
        kill(proxy, SIGKILL)
        waitpid(proxy, &status, 0)
        proxy = -1
    }
}

/// A port of the host, taken.
struct PortSocket {
    let kind: String
    let address: String
    let port: UInt16
    /// -1: nothing to hold it by (SCTP).
    let descriptor: CInt
    let target: SocketAddress

    /// Takes one of the ports that were asked for, on all the addresses.
    static func bind(_ request: PortRequest) throws -> [PortSocket] {
        guard let target = SocketAddress(request.target, request.targetPort) else {
            throw StepError("\(request.target) is no address")
        }
        // Free for one family, a port need not be so for the other.
        let candidates = request.first == 0 ? Array(repeating: 0, count: 64) : Array(request.first...request.last)
        var refusal: SystemError?
        for port in candidates {
            do throws(SystemError) { return try bind(request, port, target) } catch {
                refusal = error
                guard error.errno == .addressInUse else { break }
            }
        }
        let place = "\(request.address.isEmpty ? "0.0.0.0" : request.address):\(request.first)"
        if refusal?.errno == .addressInUse { throw StepError("Bind for \(place) failed: port is already allocated") }
        throw StepError("Bind for \(place) failed: \(refusal.map { "\($0)" } ?? "no port")")
    }

    private static func bind(_ request: PortRequest, _ port: UInt16, _ target: SocketAddress) throws(SystemError)
        -> [PortSocket]
    {
        var made: [PortSocket] = []
        do throws(SystemError) {
            for address in request.address.isEmpty ? ["0.0.0.0", "::"] : [request.address] {
                guard let place = SocketAddress(address, made.first?.port ?? port) else {
                    throw SystemError("listen on \(address)", .invalidArgument)
                }
                do throws(SystemError) { made.append(try bind(request.kind, address, place, target)) } catch {
                    // A host without IPv6.
                    let isMissing = [.addressFamilyNotSupported, .addressNotAvailable].contains(error.errno)
                    guard isMissing, request.address.isEmpty, address == "::" else { throw error }
                }
            }
        } catch {
            for socket in made where socket.descriptor >= 0 { close(socket.descriptor) }
            throw error
        }
        return made
    }

    private static func freePort(_ place: SocketAddress) throws(SystemError) -> UInt16 {
        let socket = OwnedDescriptor(
            try sys("make a socket") { Glibc.socket(place.family, Int32(SOCK_STREAM.rawValue), 0) }
        )
        try sys("find a free port") { place.withPointer { Glibc.bind(socket.rawValue, $0, $1) } }
        return SocketAddress(boundTo: socket.rawValue)?.port ?? 0
    }

    private static func bind(
        _ kind: String,
        _ address: String,
        _ place: SocketAddress,
        _ target: SocketAddress
    ) throws(SystemError) -> PortSocket {
        if kind == "sctp" {
            // Any that is free: as good as one of TCP is.
            let port = place.port > 0 ? place.port : try freePort(place)
            return PortSocket(kind: kind, address: address, port: port, descriptor: -1, target: target)
        }
        let type = Int32(kind == "udp" ? SOCK_DGRAM.rawValue : SOCK_STREAM.rawValue)
        let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let socket = OwnedDescriptor(try sys("make a socket") { Glibc.socket(place.family, type | flags, 0) })
        var yes: CInt = 1
        if kind == "tcp" { setsockopt(socket.rawValue, SOL_SOCKET, SO_REUSEADDR, &yes, 4) }
        if place.family == AF_INET6 { setsockopt(socket.rawValue, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, 4) }
        try sys("bind \(address):\(place.port)") { place.withPointer { Glibc.bind(socket.rawValue, $0, $1) } }
        if kind == "tcp" { try sys("listen on \(address):\(place.port)") { listen(socket.rawValue, 512) } }
        let port = SocketAddress(boundTo: socket.rawValue)?.port ?? place.port
        return PortSocket(
            kind: kind,
            address: address,
            port: port,
            descriptor: socket.release().rawValue,
            target: target
        )
    }
}
