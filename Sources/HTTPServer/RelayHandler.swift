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
        case nobody
    }

    private var target: Target
    private var onEnd: (() -> Void)?
    private var inputEnded = false

    init(_ target: Target) { self.target = target }

    /// Passes what comes to `channel`, and calls `onEnd` when nothing more will.
    func join(_ channel: any Channel, onEnd: @escaping () -> Void) {
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
            other.writeAndFlush(bytes, promise: nil)
            if !other.isWritable { _ = context.channel.setOption(.autoRead, value: false) }
        case .nobody: break
        }
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
