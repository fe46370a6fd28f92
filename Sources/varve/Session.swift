import DockerAPI
import Glibc
import HTTPClient
import Linux

/// A container's or an exec's streams, joined with ours: one thread, one `poll`.
struct Session {
    let daemon: Daemon
    /// The raw connection.
    let stream: Stream
    let isTTY: Bool
    let usesInput: Bool
    var detachKeys: DetachKeys
    /// Where signals go: `/containers/ID/kill`; nil: nowhere.
    var signalPath: String?
    /// Where sizes go: `/containers/ID/resize`, `/exec/ID/resize`.
    var resizePath: String

    enum End { case finished, detached }

    private var demultiplexer = Demultiplexer()
    private var inputIsOpen: Bool
    private let signals: Signals

    init(
        daemon: Daemon,
        stream: Stream,
        isTTY: Bool,
        usesInput: Bool,
        detachKeys: DetachKeys,
        signalPath: String?,
        resizePath: String
    ) throws {
        self.daemon = daemon
        self.stream = stream
        self.isTTY = isTTY
        self.usesInput = usesInput
        self.detachKeys = detachKeys
        self.signalPath = signalPath
        self.resizePath = resizePath
        inputIsOpen = usesInput
        signals = try Signals((signalPath == nil ? [] : Signals.proxied) + (isTTY ? [SIGWINCH] : []))
    }

    /// Until the container's side ends or the user detaches. `started` runs once the terminal is ready.
    mutating func run(started: () throws -> Void) throws -> End {
        let terminal = isTTY && usesInput ? RawTerminal() : nil
        defer { terminal?.restore() }
        try started()
        if isTTY { resize() }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
        defer { room.deallocate() }
        while true {
            var wanted = [
                pollfd(fd: stream.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: inputIsOpen ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            ]
            if !stream.hasBuffered { try sys("wait for the container") { poll(&wanted, 3, -1) } }
            if wanted[1].revents != 0 { signal() }
            if stream.hasBuffered || wanted[0].revents != 0 {
                let count = try stream.read(into: room)
                if count == 0 { return .finished }
                try output(UnsafeRawBufferPointer(rebasing: room.prefix(count)))
            }
            if wanted[2].revents != 0, try input(room) { return .detached }
        }
    }

    private mutating func output(_ bytes: UnsafeRawBufferPointer) throws {
        if isTTY { put(bytes, to: STDOUT_FILENO) } else { try demultiplexer.write(bytes) }
    }

    /// Passes on what was typed; true when that was the keys to detach.
    private mutating func input(_ room: UnsafeMutableRawBufferPointer) throws -> Bool {
        // A standard input that can't be read (closed, a folder) is at its end.
        let count = (try? sys("read standard input") { read(STDIN_FILENO, room.baseAddress, room.count) }) ?? 0
        guard count > 0 else {
            inputIsOpen = false
            stream.finishWriting()
            return false
        }
        let typed = UnsafeRawBufferPointer(rebasing: room.prefix(count))
        do {
            guard isTTY else {
                try stream.write(typed)
                return false
            }
            let (passed, isEnd) = detachKeys.filter(typed)
            try stream.write(passed)
            if isEnd { return true }
        } catch is SystemError {
            // The container takes no more input; what it still says counts.
            inputIsOpen = false
        }
        return false
    }

    private func signal() {
        while let number = signals.next() {
            if number == SIGWINCH {
                resize()
            } else if let signalPath {
                // It may have stopped meanwhile: then there is nobody left to tell.
                _ = try? daemon.ask("POST", signalPath, query: [("signal", Signals.name(number))])
            }
        }
    }

    /// Tells the size of our terminal; a container that has stopped already does not need it.
    private func resize() {
        let size = terminalSize()
        guard size.rows > 0 else { return }
        _ = try? daemon.ask("POST", resizePath, query: [("h", "\(size.rows)"), ("w", "\(size.columns)")])
    }
}
