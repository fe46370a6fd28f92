import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

/// Connections whose TLS does not stand yet: few at once, and each for a short time, as nobody knows who they are.
final class TLSHandshakes: Sendable {
    private static let most = 256
    private static let patience = TimeAmount.seconds(10)
    private let state = Mutex(State())
    private let log: Logger

    private struct State {
        /// The oldest first.
        var running: [any Channel] = []
        var lastWarning: ContinuousClock.Instant?
    }

    init(log: Logger) { self.log = log }

    /// Puts TLS into an empty pipeline, on the channel's event loop.
    func begin(on channel: any Channel, as identity: TLSIdentity) throws {
        enter(channel)
        let watch = HandshakeWatch(patience: Self.patience) { [self, client = Self.client(channel)] failure in
            // One that was sent away is no news: of these there may be very many.
            guard leave(channel), let failure else { return }
            log.info("TLS handshake failed", metadata: client.merging(["error": "\(failure)"]) { $1 })
        }
        let tls = NIOSSLServerHandler(context: identity.context)
        do {
            try channel.pipeline.syncOperations.addHandlers(PlainTextRefusal(), tls, watch)
        } catch {
            _ = leave(channel)
            throw error
        }
    }

    /// Where too many are at it, the oldest goes: a stranger who only connects must not lock everybody else out.
    private func enter(_ channel: any Channel) {
        let now = ContinuousClock.now
        let (oldest, isNews) = state.withLock { state -> ((any Channel)?, Bool) in
            state.running.append(channel)
            guard state.running.count > Self.most else { return (nil, false) }
            let isNews = state.lastWarning.map { now - $0 >= .seconds(60) } ?? true
            if isNews { state.lastWarning = now }
            return (state.running.removeFirst(), isNews)
        }
        guard let oldest else { return }
        if isNews {
            log.warning("too many TLS handshakes at once; the oldest was ended", metadata: Self.client(oldest))
        }
        oldest.close(promise: nil)
    }

    /// Whether it had not been sent away.
    private func leave(_ channel: any Channel) -> Bool {
        state.withLock { state in
            guard let place = state.running.firstIndex(where: { $0 === channel }) else { return false }
            state.running.remove(at: place)
            return true
        }
    }

    private static func client(_ channel: any Channel) -> Logger.Metadata {
        ["client": "\(channel.remoteAddress?.description ?? "unknown")"]
    }
}

/// Behind TLS: ends the connection when the handshake takes too long.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let patience: TimeAmount
    private var deadline: Scheduled<Void>?
    private var ended: ((String?) -> Void)?

    /// `ended` is called once, with what went wrong.
    init(patience: TimeAmount, ended: @escaping (String?) -> Void) {
        self.patience = patience
        self.ended = ended
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: patience) {
            let (watch, context) = bound.value
            watch.end("not done in \(watch.patience.nanoseconds / 1_000_000_000) seconds")
            context.fireErrorCaught(ChannelError.connectTimeout(watch.patience))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { end(nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end("\(error)")
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end("the client went away")
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end("the connection ended") }

    private func end(_ failure: String?) {
        deadline?.cancel()
        deadline = nil
        ended?(failure)
        ended = nil
    }
}

/// Before TLS: who speaks plain HTTP is told so, in words that it understands.
private final class PlainTextRefusal: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var isFirst = true
    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isLetter = unwrapInboundIn(data).readableBytesView.first.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
        guard !isRefused else { return }
        guard isFirst, isLetter == true else {
            isFirst = false
            return context.fireChannelRead(data)
        }
        isRefused = true
        let text = "Client sent an HTTP request to an HTTPS server.\n"
        let head =
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: \(text.utf8.count)\r\n"
            + "Connection: close\r\n\r\n"
        let end = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head + text))).whenComplete { _ in
            end.value.close(promise: nil)
        }
    }
}
