import Dispatch
import FoundationEssentials
import Glibc
import Linux
import OCI
import RuntimeProtocol
import Synchronization
import SystemPackage

/// Lines to and from one monitor: requests with their answers, and the news of processes that ended or were killed.
final class ControlConnection: Sendable {
    private typealias Answer = CheckedContinuation<ControlReply, any Error>

    private struct State {
        var line: [UInt8] = []
        var serial = 0
        var asked: [Int: Answer] = [:]
        /// Answers that came before somebody waited for them.
        var early: [Int: ControlReply] = [:]
        /// How processes ended; the container's own under "".
        var exits: [String: ExitRecord] = [:]
        /// Execs in `exits`, oldest first: a container that is exec'd into once a second must not fill the memory.
        var order: [String] = []
        var waiters: [String: [CheckedContinuation<ExitRecord, Never>]] = [:]
        /// How the container ended, once the monitor is gone.
        var end: ExitRecord?
    }

    private let socket: CInt
    private let folder: FilePath
    private let source: Mutex<any DispatchSourceRead>
    private let state = Mutex(State())
    /// An element whenever processes of the container were killed for want of memory; ends with the container.
    let kills: AsyncStream<UInt64>
    private let killNews: AsyncStream<UInt64>.Continuation

    init(_ descriptor: consuming OwnedDescriptor, folder: FilePath) {
        let socket = descriptor.release().rawValue
        self.socket = socket
        self.folder = folder
        (kills, killNews) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
        let queue = DispatchQueue(label: "varve.monitor")
        source = Mutex(DispatchSource.makeReadSource(fileDescriptor: socket, queue: queue))
        source.withLock { source in
            source.setEventHandler { [weak self] in self?.receive() }
            // The descriptor must stay ours until Dispatch has let go of it.
            source.setCancelHandler { _ = Glibc.close(socket) }
            source.activate()
        }
    }

    deinit { close() }

    func close() { source.withLock { $0.cancel() } }

    /// Sends a request and waits for its answer.
    ///
    /// Throws `LaunchError` with the monitor's words.
    func request(_ request: ControlRequest) async throws -> ControlReply {
        var request = request
        request.serial = state.withLock { state in
            state.serial += 1
            return state.serial
        }
        let line = Array(try JSONEncoder().encode(request)) + [UInt8(ascii: "\n")]
        do {
            try state.withLock { state in
                // After that the number may be somebody else's descriptor.
                guard state.end == nil else { throw LaunchError.monitorGone }
                // Requests fit into the socket's buffer; this does not wait.
                try sendAll(line, on: socket)
            }
        } catch { throw LaunchError.monitorGone }
        return try await reply(to: request.serial)
    }

    /// Waits for the answer with that number; 0 is the one to the launch.
    func reply(to serial: Int) async throws -> ControlReply {
        let reply = try await withCheckedThrowingContinuation { (continuation: Answer) in
            state.withLock { state in
                if let early = state.early.removeValue(forKey: serial) {
                    continuation.resume(returning: early)
                } else if state.end != nil {
                    continuation.resume(throwing: LaunchError.monitorGone)
                } else {
                    state.asked[serial] = continuation
                }
            }
        }
        if let error = reply.error { throw LaunchError(error, exitCode: reply.errorCode ?? 128) }
        return reply
    }

    /// Waits until a process has ended; nil: the container's own.
    func exit(of process: String?) async -> ExitRecord {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if let exit = state.exits[process ?? ""] ?? state.end {
                    continuation.resume(returning: exit)
                } else {
                    state.waiters[process ?? "", default: []].append(continuation)
                }
            }
        }
    }

    /// Reads all that is there, to the end if that is there: of an end that comes with the last line Dispatch tells once.
    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 && errno == EINTR { continue }
            if count < 0 && errno == EAGAIN { return }
            guard count > 0 else { return ended() }
            take(buffer[..<count])
        }
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        state.withLock { state in
            state.line += bytes
            while let end = state.line.firstIndex(of: UInt8(ascii: "\n")) {
                let reply = try? JSONDecoder().decode(ControlReply.self, from: Data(state.line[..<end]))
                state.line.removeSubrange(...end)
                if let reply { take(reply, &state) }
            }
        }
    }

    private func take(_ reply: ControlReply, _ state: inout State) {
        if let serial = reply.serial {
            if let answer = state.asked.removeValue(forKey: serial) {
                answer.resume(returning: reply)
            } else {
                state.early[serial] = reply
            }
        } else if let exit = reply.exit {
            let name = reply.process ?? ""
            state.exits[name] = exit
            for waiter in state.waiters.removeValue(forKey: name) ?? [] { waiter.resume(returning: exit) }
            if reply.process != nil { state.order.append(name) } else { killNews.finish() }
            if state.order.count > 1000 { state.exits[state.order.removeFirst()] = nil }
        } else if let kills = reply.kills {
            killNews.yield(kills)
        }
    }

    /// The monitor is gone: what it wrote down counts, and where it could not, it was killed.
    private func ended() {
        close()
        let record = (try? ExitRecord(in: folder)) ?? nil
        let killed = ExitRecord(exitCode: 137, finishedAt: .now, error: "the container's monitor was killed")
        state.withLock { state in
            let end = state.exits[""] ?? record ?? killed
            state.end = end
            for answer in state.asked.values { answer.resume(throwing: LaunchError.monitorGone) }
            for waiter in state.waiters.values.joined() { waiter.resume(returning: end) }
            state.asked = [:]
            state.waiters = [:]
        }
        killNews.finish()
    }
}
