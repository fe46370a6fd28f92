import CCap
import CLinux
import Glibc
import Linux
import SystemPackage

/// The process that passes on what comes to a container's published ports, on the host's own addresses.
///
/// It has the ports' sockets and nothing else: no other descriptor, no capability, and no way to get one.
struct PortProxy {
    /// More at once are not let in: each takes two descriptors.
    private static let mostRelays = 400

    private let listeners: [PortSocket]
    private var streams: [StreamRelay] = []
    private var datagrams: [DatagramRelay]
    /// There is no descriptor to be had until a connection has ended.
    private var hasRunOut = false

    static func run(_ sockets: [PortSocket], parent: pid_t) -> Never {
        setUp(Set(sockets.map(\.descriptor)), parent)
        var proxy = PortProxy(
            listeners: sockets.filter { $0.kind == "tcp" },
            datagrams: sockets.filter { $0.kind == "udp" }.map(DatagramRelay.init)
        )
        while true { proxy.turn() }
    }

    private init(listeners: [PortSocket], datagrams: [DatagramRelay]) {
        self.listeners = listeners
        self.datagrams = datagrams
    }

    private static func setUp(_ kept: Set<CInt>, _ parent: pid_t) {
        _ = linux_prctl(CInt(LINUX_PR_SET_PDEATHSIG), UInt(SIGKILL), 0)
        if getppid() != parent { _exit(0) }
        "varve-proxy".withCString { _ = linux_prctl(CInt(LINUX_PR_SET_NAME), UInt(bitPattern: $0), 0) }
        // Who reads what a container writes must see its end.
        for name in (try? listFolder("/proc/self/fd")) ?? [] {
            if let number = CInt(name), !kept.contains(number) { close(number) }
        }
        chdir("/")
        PublishedPorts.raiseLimit()
        if let none = cap_init() {
            cap_set_proc(none)
            cap_free(UnsafeMutableRawPointer(none))
        }
        _ = linux_prctl(CInt(LINUX_PR_SET_NO_NEW_PRIVS), 1, 0)
    }

    private mutating func turn() {
        var entries: [pollfd] = []
        let isFull = hasRunOut || streams.count >= Self.mostRelays
        for listener in listeners {
            entries.append(pollfd(fd: isFull ? -1 : listener.descriptor, events: Int16(POLLIN), revents: 0))
        }
        for relay in streams { entries += relay.watches }
        let firstDatagram = entries.count
        for relay in datagrams { entries += relay.watches }
        let pause: CInt = hasRunOut ? 100 : datagrams.allSatisfy(\.isIdle) ? -1 : 10_000
        hasRunOut = false
        guard poll(&entries, nfds_t(entries.count), pause) >= 0 else { return }
        for (index, relay) in streams.enumerated() {
            let place = listeners.count + 2 * index
            relay.act(entries[place].revents, entries[place + 1].revents)
        }
        streams.removeAll(where: \.isOver)
        var place = firstDatagram
        for relay in datagrams {
            let count = relay.watches.count
            relay.act(entries[place..<place + count])
            place += count
        }
        for (index, listener) in listeners.enumerated() where entries[index].revents != 0 { accept(listener) }
    }

    private mutating func accept(_ listener: PortSocket) {
        while streams.count < Self.mostRelays {
            let client = Glibc.accept(listener.descriptor, nil, nil)
            guard client >= 0 else {
                hasRunOut = [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno)
                return
            }
            setNonBlocking(client)
            guard let relay = StreamRelay(client, to: listener.target) else {
                close(client)
                continue
            }
            streams.append(relay)
        }
    }
}
