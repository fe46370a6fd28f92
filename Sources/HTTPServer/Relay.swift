import Glibc
import Linux
import NIOCore
import NIOPosix
import SystemPackage

extension Connection {
    /// Joins the client with a connected socket on the client's own event loop; see `HijackedConnection.pipe`.
    func relay(
        to descriptor: SystemPackage.FileDescriptor,
        _ filter: HijackedConnection.Filter?
    ) async throws -> Bool {
        let loop = channel.eventLoop
        let peerEnd = NIOLoopBoundBox<RelayHandler?>.makeEmptyBox(valueType: RelayHandler.self, eventLoop: loop)
        let peer = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: false)
            .channelOption(.recvAllocator, value: Server.receiveBuffers)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = RelayHandler(.waiting([]))
                    try channel.pipeline.syncOperations.addHandler(handler)
                    peerEnd.value = handler
                }
            }
            .withConnectedSocket(descriptor.rawValue)
            .get()
        let finished = loop.makePromise(of: Bool.self)
        loop.execute {
            guard let end = peerEnd.value else { return finished.succeed(false) }
            self.raw.value?.filter = filter.map { filter in
                (pass: filter, onEnd: { finished.succeed(true) })
            }
            self.join(peer, end, finished)
        }
        let isEnded = try await finished.futureResult.get()
        loop.execute {
            self.raw.value?.release()
            _ = self.channel.setOption(.autoRead, value: true)
            peer.close(promise: nil)
        }
        return isEnded
    }

    /// On the event loop.
    private func join(_ peer: any Channel, _ peerEnd: RelayHandler, _ finished: EventLoopPromise<Bool>) {
        let client = channel
        for bytes in inbound.takeAll() { raw.value?.pass(bytes, to: peer) }
        raw.value?.join(peer) {
            // The client's end of sending, or of everything.
            guard client.isActive else { return finished.succeed(false) }
            peer.writeAndFlush(ByteBuffer()).whenComplete { _ in peer.close(mode: .output, promise: nil) }
        }
        peerEnd.join(client) {
            client.writeAndFlush(ByteBuffer()).whenComplete { _ in finished.succeed(false) }
        }
        client.closeFuture.whenComplete { _ in finished.succeed(false) }
        _ = client.setOption(.autoRead, value: peer.isWritable)
        _ = peer.setOption(.autoRead, value: client.isWritable)
    }
}

/// How many bytes the peer of a UNIX socket has not read yet (man 7 unix, SIOCOUTQ); nil for other sockets.
///
/// On the event loop.
func unreadBytes(_ channel: any Channel) throws -> Int? {
    guard channel.localAddress?.protocol == .unix || channel.remoteAddress?.protocol == .unix else { return nil }
    return try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { handle in
        var count: CInt = 0
        try sys("ask how much the client has read") { ioctl(handle, UInt(TIOCOUTQ), &count) }
        return Int(count)
    }
}
