import Glibc
import Linux

/// A published port of UDP: each who sends to it gets a socket to the container of his own, until he was silent for a while.
final class DatagramRelay {
    private struct Client {
        var socket: CInt
        var lastHeard: Int64
    }

    /// Milliseconds, as Docker has it.
    private static let patience: Int64 = 90_000
    private static let mostClients = 400

    private let port: PortSocket
    private var clients: [SocketAddress: Client] = [:]
    /// Those that the last `watches` named, in its order.
    private var watched: [SocketAddress] = []
    private var buffer = [UInt8](repeating: 0, count: 65536)

    init(_ port: PortSocket) { self.port = port }

    var isIdle: Bool { clients.isEmpty }

    /// The port's own socket, then one for each client.
    var watches: [pollfd] {
        watched = Array(clients.keys)
        return [pollfd(fd: port.descriptor, events: Int16(POLLIN), revents: 0)]
            + watched.map { pollfd(fd: clients[$0]?.socket ?? -1, events: Int16(POLLIN), revents: 0) }
    }

    func act(_ entries: ArraySlice<pollfd>) {
        for (entry, address) in zip(entries.dropFirst(), watched) where entry.revents != 0 { answer(address) }
        if entries.first?.revents != 0 { take() }
        let now = milliseconds()
        for (address, client) in clients where now - client.lastHeard > Self.patience {
            close(client.socket)
            clients[address] = nil
        }
    }

    /// From clients to the container; not all at once, since there are others to serve.
    private func take() {
        for _ in 0..<64 {
            var count = 0
            let sender = SocketAddress(
                from: { recvfrom(port.descriptor, &buffer, buffer.count, 0, $0, $1) },
                received: &count
            )
            guard let sender, count >= 0 else { return }
            guard let socket = socket(for: sender) else { continue }
            // A container that does not listen says so to whoever sends next, and that is no reason to stop.
            if send(socket, buffer, count, 0) < 0 && errno == ECONNREFUSED { send(socket, buffer, count, 0) }
        }
    }

    private func socket(for sender: SocketAddress) -> CInt? {
        if let known = clients[sender] {
            clients[sender]?.lastHeard = milliseconds()
            return known.socket
        }
        if clients.count >= Self.mostClients { forgetOne() }
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let new = Glibc.socket(port.target.family, Int32(SOCK_DGRAM.rawValue) | flags, 0)
        guard new >= 0 else { return nil }
        guard port.target.withPointer({ connect(new, $0, $1) }) == 0 else {
            close(new)
            return nil
        }
        clients[sender] = Client(socket: new, lastHeard: milliseconds())
        return new
    }

    /// Of many clients, the one that was silent for longest: who asks for a name asks once.
    private func forgetOne() {
        guard let oldest = clients.min(by: { $0.value.lastHeard < $1.value.lastHeard }) else { return }
        close(oldest.value.socket)
        clients[oldest.key] = nil
    }

    /// From the container to a client.
    private func answer(_ address: SocketAddress) {
        guard let client = clients[address] else { return }
        for _ in 0..<64 {
            let count = recv(client.socket, &buffer, buffer.count, 0)
            guard count >= 0 else { return }
            clients[address]?.lastHeard = milliseconds()
            _ = address.withPointer { sendto(port.descriptor, buffer, count, 0, $0, $1) }
        }
    }
}
