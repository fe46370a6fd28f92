import NIOCore

/// One end of a raw connection: collects bytes for a task, or passes them to the other end, on one event loop, without
/// a copy or a hop.
///
/// Who can't send does not read: back-pressure and ends of sending go through.
final class RelayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Target {
        case queue(Inbound)
        case channel(any Channel)
        /// Bytes for the channel that is to be joined: a process that ends at once has its last word before that.
        case waiting([ByteBuffer])
        case nobody
    }

    private var target: Target
    private var onEnd: (() -> Void)?
    private var inputEnded = false
    /// What is passed on of what comes, and what to do when it lets nothing more through.
    var filter: (pass: HijackedConnection.Filter, onEnd: @Sendable () -> Void)?

    init(_ target: Target) { self.target = target }

    /// Passes what comes to `channel`, and calls `onEnd` when nothing more will.
    func join(_ channel: any Channel, onEnd: @escaping () -> Void) {
        if case .waiting(let early) = target {
            for bytes in early { channel.write(bytes, promise: nil) }
            channel.flush()
        }
        target = .channel(channel)
        self.onEnd = onEnd
        if inputEnded { end() }
    }

    /// Throws away what still comes.
    func release() {
        target = .nobody
        onEnd = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch target {
        case .queue(let inbound): inbound.deliver(.body(bytes))
        case .channel(let other):
            pass(bytes, to: other)
            if !other.isWritable { _ = context.channel.setOption(.autoRead, value: false) }
        case .waiting(let early): target = .waiting(early + [bytes])
        case .nobody: break
        }
    }

    func pass(_ bytes: ByteBuffer, to other: any Channel) {
        guard let filter else { return other.writeAndFlush(bytes, promise: nil) }
        let (passed, isEnd) = bytes.withUnsafeReadableBytes(filter.pass)
        if isEnd { target = .nobody }
        other.writeAndFlush(ByteBuffer(bytes: passed)).whenComplete { _ in if isEnd { filter.onEnd() } }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .channel(let other) = target { _ = other.setOption(.autoRead, value: context.channel.isWritable) }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { end() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        inputEnded = true
        onEnd?()
        onEnd = nil
    }
}
