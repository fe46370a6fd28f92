import Glibc
import HTTPClient
import HTTPServer
import Linux
import SystemPackage

/// Takes calls on a UNIX socket, each connection on a thread of its own.
///
/// Drivers block, and most calls take microseconds. An event loop with a pool of threads behind it would hand each request
/// from thread to thread four times, which takes longer than the call.
final class CallServer: Sendable {
    private struct State {
        var listener: (socket: CInt, file: SocketFile)?
        /// The connections by their sockets, and whether a call is under way on each.
        var connections: [CInt: Bool] = [:]
        var isClosed = false
    }

    /// Clients that are root's alone, so this is against mistakes.
    private static let most = 512

    private let state = Waitable(State())
    /// Answers one call, on that connection; false where the connection is to end.
    private let answer: @Sendable (CallHead, Stream) throws -> Bool

    init(_ answer: @escaping @Sendable (CallHead, Stream) throws -> Bool) { self.answer = answer }

    /// Listens on `path`, for root alone, and returns when clients can connect.
    func listen(unix path: String) throws {
        let (file, listener) = try SocketFile.listen(path: path, mode: 0o600)
        let socket = listener.rawValue
        // What accepts has nothing else to do.
        try sys("wait on socket \(path)") { fcntl(socket, F_SETFL, 0) }
        state.withLock { $0.listener = (socket, file) }
        try OSThread { self.accept(on: socket) }.detach()
    }

    private func accept(on listener: CInt) {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            let failure = errno
            if socket >= 0 { _ = fcntl(socket, F_SETFD, FD_CLOEXEC) }
            let isClosed = state.withLock { state in
                let isTaken = !state.isClosed && state.connections.count < Self.most
                if socket >= 0, isTaken { state.connections[socket] = false }
                if socket >= 0, !isTaken { Glibc.close(socket) }
                return state.isClosed
            }
            if isClosed { break }
            guard socket >= 0 else {
                // Too many files are open, for now; a client that was gone at once is no matter.
                if failure != EINTR && failure != ECONNABORTED { usleep(10_000) }
                continue
            }
            if state.withLock({ $0.connections[socket] }) == nil { continue }
            do { try OSThread { self.serve(socket) }.detach() } catch {
                forget(socket)
                Glibc.close(socket)
            }
        }
        Glibc.close(listener)
    }

    private func serve(_ socket: CInt) {
        let stream = Stream(adopting: socket)
        do {
            while mark(socket, isBusy: false) {
                let head = try CallHead(stream)
                guard mark(socket, isBusy: true), try answer(head, stream) else { break }
            }
        } catch ClientError.malformed(let what) {
            try? stream.answer(status: 400, "text/plain; charset=utf-8", Array("\(what)\n".utf8), isKept: false)
            stream.finishWriting()
        } catch {}  // it is gone, in the middle of a call or between two
        // Its number may be another's as soon as it is closed.
        forget(socket)
        withExtendedLifetime(stream) {}
    }

    /// False where nothing more is to be begun.
    private func mark(_ socket: CInt, isBusy: Bool) -> Bool {
        state.withLock { state in
            state.connections[socket] = isBusy
            return !state.isClosed
        }
    }

    private func forget(_ socket: CInt) { state.withLock { _ = $0.connections.removeValue(forKey: socket) } }

    /// Takes no more calls, gives those that are under way `grace` milliseconds, then ends all connections.
    func close(grace: Int) {
        state.withLock { state in
            state.isClosed = true
            // Wakes who waits for a client.
            if let (socket, _) = state.listener { shutdown(socket, CInt(SHUT_RDWR)) }
            state.listener?.file.remove()
            state.listener = nil
            for (socket, isBusy) in state.connections where !isBusy { shutdown(socket, CInt(SHUT_RDWR)) }
        }
        if allEnded(within: grace) { return }
        state.withLock { state in
            for socket in state.connections.keys { shutdown(socket, CInt(SHUT_RDWR)) }
        }
        _ = allEnded(within: 3000)
    }

    private func allEnded(within milliseconds: Int) -> Bool {
        state.wait(milliseconds: milliseconds) { $0.connections.isEmpty ? true : nil } ?? false
    }
}
