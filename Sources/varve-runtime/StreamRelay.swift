import Glibc

/// A connection to a published port, and the one to the container that goes with it.
final class StreamRelay {
    /// One direction.
    private struct Flow {
        /// What came and could not be passed on at once.
        var rest: ArraySlice<UInt8> = []
        /// Nothing more comes.
        var hasEnded = false
        /// That was passed on.
        var isShut = false
    }

    private let client: CInt
    private let server: CInt
    private var isConnected = false
    private var inward = Flow()
    private var outward = Flow()
    private(set) var isOver = false

    /// Nil where the container can't be reached at all.
    init?(_ client: CInt, to target: SocketAddress) {
        let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let server = socket(target.family, Int32(SOCK_STREAM.rawValue) | flags, 0)
        guard server >= 0 else { return nil }
        guard target.withPointer({ connect(server, $0, $1) }) == 0 || errno == EINPROGRESS else {
            close(server)
            return nil
        }
        (self.client, self.server) = (client, server)
        var yes: CInt = 1
        for end in [client, server] { setsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4) }
    }

    /// The client's end and the container's, in this order.
    var watches: [pollfd] {
        [watch(client, inward, outward), watch(server, outward, inward, isConnecting: !isConnected)]
    }

    private func watch(_ end: CInt, _ from: Flow, _ to: Flow, isConnecting: Bool = false) -> pollfd {
        // Until there is somebody to pass it on to, and as long as he takes no more, nothing is read.
        let reads = isConnected && !from.hasEnded && from.rest.isEmpty
        let events = (reads ? POLLIN : 0) | (!to.rest.isEmpty || isConnecting ? POLLOUT : 0)
        // With nothing to wait for, an end that hung up would wake us again and again.
        return pollfd(fd: events == 0 ? -1 : end, events: Int16(events), revents: 0)
    }

    /// Does what the ends are ready for.
    func act(_ clientEvents: Int16, _ serverEvents: Int16) {
        if !isConnected {
            guard serverEvents != 0 else { return }
            var error: CInt = 0
            var length = socklen_t(4)
            getsockopt(server, SOL_SOCKET, SO_ERROR, &error, &length)
            if error != 0 { return end() }
            isConnected = true
            return
        }
        if clientEvents != 0 { pass(&outward, from: server, to: client, reads: false) }
        if serverEvents != 0 { pass(&inward, from: client, to: server, reads: false) }
        if clientEvents != 0 { pass(&inward, from: client, to: server, reads: true) }
        if serverEvents != 0 { pass(&outward, from: server, to: client, reads: true) }
        if inward.isShut && outward.isShut { end() }
    }

    private func pass(_ flow: inout Flow, from source: CInt, to sink: CInt, reads: Bool) {
        guard !isOver else { return }
        if reads, flow.rest.isEmpty, !flow.hasEnded {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(source, &buffer, buffer.count, 0)
            if count < 0 { return errno == EAGAIN || errno == EINTR ? () : end() }
            if count == 0 { flow.hasEnded = true } else { flow.rest = buffer[..<count] }
        }
        while !flow.rest.isEmpty {
            let count = flow.rest.withUnsafeBytes { send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 { return errno == EAGAIN || errno == EINTR ? () : end() }
            flow.rest = flow.rest.dropFirst(count)
        }
        if flow.hasEnded, !flow.isShut {
            flow.isShut = true
            shutdown(sink, Int32(SHUT_WR))
        }
    }

    private func end() {
        guard !isOver else { return }
        isOver = true
        close(client)
        close(server)
    }
}
