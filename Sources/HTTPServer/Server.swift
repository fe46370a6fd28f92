package import Logging
import NIOCore
import NIOPosix
import Synchronization
import SystemPackage

/// An HTTP/1.1 server on UNIX sockets: routes, streams, takes connections over.
///
/// Knows nothing of containers.
package final class Server: Sendable {
    private let service: Service
    private let group: MultiThreadedEventLoopGroup
    private let state = Mutex(State())

    private struct State {
        var listeners: [(any Channel, SocketFile)] = []
        var connections: [ObjectIdentifier: Connection] = [:]
        var isClosed = false
    }

    static let receiveBuffers = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16384, maximum: 262_144)

    /// - Parameters:
    ///   - headers: what every response carries: `Api-Version`, `Ostype`, `Server`, …
    ///   - failure: the status and text for an error that a handler threw before its response began.
    package init(
        routes: [Route],
        headers: [(String, String)],
        failure: @escaping @Sendable (any Error) -> (status: Int, message: String),
        log: Logger
    ) {
        service = Service(router: Router(routes), headers: headers, failure: failure, log: log)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    }

    /// Listens on `path`; returns when clients can connect.
    ///
    /// `group` is used where it exists.
    ///
    /// Throws `HTTPError.socketInUse` where another process listens there; takes a left-over socket file over.
    package func listen(unix path: String, mode: UInt32 = 0o660, group groupName: String? = nil) async throws {
        let (file, descriptor) = try SocketFile.listen(path: path, mode: mode, group: groupName)
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: Self.receiveBuffers)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 1 << 17, high: 1 << 18))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
            .withBoundSocket(descriptor.rawValue)
            .get()
        state.withLock { $0.listeners.append((listener, file)) }
    }

    /// Stops listening, lets answers that are under way finish for up to `grace`, then closes every connection.
    package func close(grace: Duration = .seconds(1)) async {
        let (listeners, connections) = state.withLock { state in
            defer { state.listeners = [] }
            state.isClosed = true
            return (state.listeners, state.connections.values)
        }
        for (listener, file) in listeners {
            try? await listener.close()
            file.remove()
        }
        for connection in connections { connection.retire() }
        let deadline = ContinuousClock.now + grace
        while ContinuousClock.now < deadline, state.withLock({ !$0.connections.isEmpty }) {
            try? await Task.sleep(for: .milliseconds(5))
        }
        for connection in state.withLock({ Array($0.connections.values) }) { try? await connection.channel.close() }
        try? await group.shutdownGracefully()
    }

    /// How many clients are connected.
    package var connectionCount: Int { state.withLock { $0.connections.count } }

    /// On the channel's event loop.
    private func accept(_ channel: any Channel) throws {
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
}
