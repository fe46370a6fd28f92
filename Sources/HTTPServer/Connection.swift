import NIOCore
import NIOHTTP1
import Synchronization

/// One client's connection: its exchanges, one after the other.
final class Connection: Sendable {
    let channel: any Channel
    let inbound: Inbound
    let outbound: Outbound
    /// What is needed to become raw; touched on the event loop only.
    private let decoder: NIOLoopBound<ByteToMessageHandler<HTTPRequestDecoder>>
    let raw: NIOLoopBoundBox<RelayHandler?>
    private let headersRead = Atomic(true)
    private let state = Mutex(Life())

    private struct Life {
        var isBusy = false
        var isRetired = false
        var isOpenEnded = false
        var task: Task<Void, Never>?
    }

    /// On the event loop, with an empty pipeline.
    ///
    /// `ended` is called when the connection is closed.
    init(channel: any Channel, ended: @escaping @Sendable () -> Void) throws {
        self.channel = channel
        inbound = Inbound(channel: channel)
        outbound = Outbound(channel: channel)
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        self.decoder = NIOLoopBound(decoder, eventLoop: channel.eventLoop)
        raw = NIOLoopBoundBox(nil, eventLoop: channel.eventLoop)
        let handler = ConnectionHandler(inbound: inbound, outbound: outbound, ended: ended)
        try channel.pipeline.syncOperations.addHandlers(decoder, handler)
    }

    /// Starts serving, in a task of its own.
    func start(_ service: Service) {
        let task = Task { await self.serve(service) }
        state.withLock { $0.task = task }
    }

    /// The client is gone: whatever still runs for it may stop.
    func cancel() { state.withLock { $0.task }?.cancel() }

    /// Serves until the client or an answer ends the connection, then closes it so that nothing sent is lost.
    private func serve(_ service: Service) async {
        while case .head(let head) = await inbound.next() {
            let mayStart = state.withLock { state in
                state.isBusy = !state.isRetired
                return state.isBusy
            }
            guard mayStart else { break }
            let stays = await Exchange(connection: self, service: service, head: head).run()
            let goesOn = state.withLock { state in
                state.isBusy = false
                return stays && !state.isRetired
            }
            guard goesOn else { break }
        }
        await close()
    }

    /// Whether the answer that is under way may have no end of its own: events, a log that is followed, raw streams.
    var isOpenEnded: Bool {
        get { state.withLock { $0.isOpenEnded } }
        set {
            let isOver = state.withLock { state in
                state.isOpenEnded = newValue
                return newValue && state.isRetired
            }
            if isOver { channel.close(promise: nil) }
        }
    }

    /// Ends the connection after the exchange that is under way; at once where there is none, or one without an end.
    func retire() {
        let mayFinish = state.withLock { state in
            state.isRetired = true
            return state.isBusy && !state.isOpenEnded
        }
        if !mayFinish { channel.close(promise: nil) }
    }

    /// Shuts the sending side, then reads until the client has closed, two seconds at most: closing a UNIX socket with
    /// unread bytes would make the client lose what it has not read yet.
    private func close() async {
        guard channel.isActive else { return }
        _ = try? await outbound.flushed()
        await shutOutput()
        let channel = self.channel
        let deadline = channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        while await inbound.next() != nil {}
        deadline.cancel()
        try? await channel.close()
    }

    func shutOutput() async { try? await channel.close(mode: .output) }

    /// Makes the connection raw and sends `head`.
    ///
    /// What the parser had not consumed becomes the first raw bytes.
    func becomeRaw(sending head: ByteBuffer) async throws {
        headersRead.store(false, ordering: .relaxed)
        try await channel.eventLoop.submit {
            let pipeline = self.channel.pipeline.syncOperations
            let handler = RelayHandler(.queue(self.inbound))
            try pipeline.addHandler(handler, position: .after(self.decoder.value))
            self.raw.value = handler
            pipeline.removeHandler(self.decoder.value, promise: nil)
        }.get()
        outbound.send([head])
    }

    /// Waits until the client has read the response's head, two seconds at most.
    ///
    /// docker-py reads the head through a buffered reader and goes on with the bare socket: what arrived together with the
    /// head is lost to it. Only a UNIX socket can tell (`TIOCOUTQ`, man 7 unix: bytes the peer has not read).
    func awaitHeadersRead() async {
        guard headersRead.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
        guard (try? await outbound.flushed()) != nil else { return }
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(2), channel.isActive {
            let unread = try? await channel.eventLoop.submit { try unreadBytes(self.channel) }.get()
            guard let unread, unread > 0 else { return }
            try? await Task.sleep(for: .microseconds(50))
        }
    }
}
