import Glibc
package import Logging
package import Metrics
import NIOCore
import NIOPosix
import Synchronization
package import SystemPackage

/// An HTTP/1.1 server on UNIX and TCP sockets: routes, streams, takes connections over.
///
/// Knows nothing of containers.
package final class Server: Sendable {
    private let service: Service
    private let handshakes: TLSHandshakes
    private let group: MultiThreadedEventLoopGroup
    private let state = Mutex(State())

    private struct State {
        var listeners: [(any Channel, SocketFile?)] = []
        var connections: [ObjectIdentifier: Connection] = [:]
        var isClosed = false
    }

    static let receiveBuffers = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16384, maximum: 262_144)

    /// - Parameters:
    ///   - headers: what every response carries: `Api-Version`, `Ostype`, `Server`, …
    ///   - failure: the status and text for an error that a handler threw before its response began.
    ///   - metrics: where requests are counted, if anywhere.
    package init(
        routes: [Route],
        headers: [(String, String)],
        failure: @escaping @Sendable (any Error) -> (status: Int, message: String),
        log: Logger,
        metrics: Metrics? = nil,
        threads: Int = 2
    ) {
        service = Service(
            router: Router(routes),
            headers: headers,
            failure: failure,
            log: log,
            metrics: metrics.map(RequestMetrics.init)
        )
        handshakes = TLSHandshakes(log: log)
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    }

    /// Listens on `path`; returns when clients can connect.
    ///
    /// `group` is used where it exists.
    ///
    /// Throws `HTTPError.socketInUse` where another process listens there; takes a left-over socket file over.
    package func listen(unix path: String, mode: UInt32 = 0o660, group groupName: String? = nil) async throws {
        let (file, descriptor) = try SocketFile.listen(path: path, mode: mode, group: groupName)
        let listener = try await bootstrap(nil).withBoundSocket(descriptor.rawValue).get()
        state.withLock { $0.listeners.append((listener, file)) }
    }

    /// Listens on an address of the Internet; gives it back with its port, where any would do.
    @discardableResult
    package func listen(tcp address: TCPAddress, tls: TLSIdentity? = nil) async throws -> TCPAddress {
        let bootstrap = bootstrap(tls).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        let listener: any Channel
        do { listener = try await bootstrap.bind(to: address.address).get() } catch let error as IOError {
            throw HTTPError.badAddress("tcp://\(address)", why: "\(error.description)")
        }
        state.withLock { $0.listeners.append((listener, nil)) }
        return listener.localAddress.map(TCPAddress.init) ?? address
    }

    /// Listens on a socket that another process has bound, which is taken over; its file, if it has one, stays at the end.
    package func listen(passed descriptor: SystemPackage.FileDescriptor, tls: TLSIdentity? = nil) async throws {
        let listener = try await bootstrap(tls).withBoundSocket(descriptor.rawValue).get()
        state.withLock { $0.listeners.append((listener, nil)) }
    }

    private func bootstrap(_ tls: TLSIdentity?) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: Self.receiveBuffers)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 17, high: 1 << 18))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, tls) }
            }
    }

    /// Stops listening, lets answers that are under way finish for up to `grace`, then closes every connection.
    ///
    /// Answers that have no end of their own, and raw connections, end at once.
    package func close(grace: Duration = .seconds(1)) async {
        let (listeners, connections) = state.withLock { state in
            defer { state.listeners = [] }
            state.isClosed = true
            return (state.listeners, state.connections.values)
        }
        for (listener, file) in listeners {
            try? await listener.close()
            file?.remove()
        }
        for connection in connections { connection.retire() }
        await connectionsEnd(within: grace)
        for connection in state.withLock({ Array($0.connections.values) }) { connection.channel.close(promise: nil) }
        await connectionsEnd(within: .seconds(3))
        try? await group.shutdownGracefully()
    }

    private func connectionsEnd(within patience: Duration) async {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline, state.withLock({ !$0.connections.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    /// How many clients are connected.
    package var connectionCount: Int { state.withLock { $0.connections.count } }

    /// On the channel's event loop.
    private func accept(_ channel: any Channel, _ tls: TLSIdentity?) throws {
        if let tls { try handshakes.begin(on: channel, as: tls) }
        if channel.localAddress?.protocol != .unix { keepAlive(channel) }
        let key = ObjectIdentifier(channel as AnyObject)
        let connection = try Connection(channel: channel) {
            let gone = self.state.withLock { $0.connections.removeValue(forKey: key) }
            gone?.cancel()
        }
        let isClosed = state.withLock { state in
            state.connections[key] = connection
            return state.isClosed
        }
        if isClosed { return channel.close(promise: nil) }
        connection.start(service)
    }

    /// A client whose machine is gone says nothing: the kernel asks for it, as dockerd's after 15 seconds without a word,
    /// four times. What is typed goes out at once.
    private func keepAlive(_ channel: any Channel) {
        _ = channel.setOption(.socketOption(.so_keepalive), value: 1)
        for (option, value) in [(TCP_KEEPIDLE, 15), (TCP_KEEPINTVL, 15), (TCP_KEEPCNT, 4)] {
            _ = channel.setOption(.tcpOption(NIOBSDSocket.Option(rawValue: option)), value: value)
        }
        _ = channel.setOption(.tcpOption(.tcp_nodelay), value: 1)
    }
}
