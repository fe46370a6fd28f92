import NIOCore
import NIOHTTP1

/// The end of a connection's pipeline: hands what the parser found to the connection's task.
final class ConnectionHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let inbound: Inbound
    private let outbound: Outbound
    private let ended: @Sendable () -> Void

    /// `ended` is called once the connection is closed.
    init(inbound: Inbound, outbound: Outbound, ended: @escaping @Sendable () -> Void) {
        self.inbound = inbound
        self.outbound = outbound
        self.ended = ended
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): inbound.deliver(.head(head))
        case .body(let bytes): inbound.deliver(.body(bytes))
        case .end: inbound.deliver(.end)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Half a close: whoever sent its request and shut its side still wants the answer.
        if event as? ChannelEvent == .inputClosed { inbound.finish() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbound.finish()
        outbound.gone()
        ended()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.close(promise: nil) }
        let text =
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
        context.writeAndFlush(NIOAny(ByteBuffer(string: text))).whenComplete { [channel = context.channel] _ in
            channel.close(promise: nil)
        }
    }
}
