import CLinux
import FoundationEssentials
import Glibc
import RuntimeProtocol

/// A connection to the monitor: lines of requests and answers, or after `attach` a process's stream.
final class Connection {
    let socket: CInt
    /// The session that it is a stream of.
    weak var session: Session?
    private(set) var streams = (stdin: false, stdout: false, stderr: false)
    private(set) var isOpen = true
    /// It is a daemon's: told of every process that ends. Not one that is about to become a stream: the event would be
    /// taken for the answer, and the answer for output.
    var hearsEvents = false
    /// The other side sends no more.
    var inputEnded = false
    private var line: [UInt8] = []
    private var out: [UInt8] = []
    private var sent = 0
    private var closesWhenSent = false

    init(_ socket: CInt) {
        self.socket = socket
        setNonBlocking(socket)
    }

    /// Bytes that the other side has not taken yet.
    var pending: Int { out.count - sent }

    func attach(to session: Session, stdin: Bool, stdout: Bool, stderr: Bool) {
        self.session = session
        streams = (stdin, stdout, stderr)
        session.clients.append(self)
    }

    /// Requests that are complete now; after an `attach` the rest of what was read is its input.
    func requests(_ bytes: ArraySlice<UInt8>) -> [ControlRequest] {
        line += bytes
        var found: [ControlRequest] = []
        while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
            let request = try? JSONDecoder().decode(ControlRequest.self, from: Data(line[..<end]))
            line.removeSubrange(...end)
            guard let request else { continue }
            found.append(request)
            if request.verb == .attach { break }
        }
        // All ports of a host in one request are a few million bytes.
        if line.count > 16 << 20 { shut() }
        return found
    }

    /// What came behind the request to attach.
    func takeRest() -> ArraySlice<UInt8> {
        defer { line = [] }
        return line[...]
    }

    func answer(_ reply: ControlReply) {
        guard let data = try? JSONEncoder().encode(reply) else { return }
        out += data
        out.append(UInt8(ascii: "\n"))
        push()
    }

    /// Passes a process's output on, with Docker's 8-byte header unless it has a terminal.
    func deliver(_ bytes: UnsafeRawBufferPointer, stream: UInt8, framed: Bool) {
        guard isOpen, stream == 1 ? streams.stdout : streams.stderr else { return }
        if framed {
            let count = UInt32(bytes.count)
            out += [stream, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        }
        out += bytes
        push()
    }

    func push() {
        while pending > 0 && isOpen {
            let count = out.withUnsafeBytes {
                send(socket, $0.baseAddress?.advanced(by: sent), pending, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                break
            } else {
                shut()
            }
        }
        if pending == 0 {
            out.removeAll(keepingCapacity: out.capacity < 1 << 17)
            sent = 0
            if closesWhenSent { shut() }
        } else if sent > 1 << 18 {
            out.removeFirst(sent)
            sent = 0
        }
    }

    /// Waits until all have taken what is for them; not for ever.
    static func pushAll(_ connections: [Connection]) {
        let deadline = milliseconds() + 10_000
        while milliseconds() < deadline, connections.contains(where: { $0.isOpen && $0.pending > 0 }) {
            var entries = connections.filter { $0.isOpen && $0.pending > 0 }.map {
                pollfd(fd: $0.socket, events: Int16(POLLOUT), revents: 0)
            }
            poll(&entries, nfds_t(entries.count), 1000)
            for connection in connections { connection.push() }
        }
    }

    func closeAfterDelivery() {
        closesWhenSent = true
        push()
    }

    func shut() {
        guard isOpen else { return }
        isOpen = false
        close(socket)
        session?.clients.removeAll { $0 === self }
    }
}
