import Launcher
import SystemPackage

/// Which of a process's streams a client wants.
package struct AttachStreams: Sendable, Equatable {
    package var stdin: Bool
    package var stdout: Bool
    package var stderr: Bool

    package init(stdin: Bool, stdout: Bool, stderr: Bool) {
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
    }
}

extension Monitor {
    func attach(_ streams: AttachStreams, process: String?) async throws -> FileDescriptor {
        try await attach(process: process, stdin: streams.stdin, stdout: streams.stdout, stderr: streams.stderr)
    }
}

/// Clients that attached to a container before it was started, as `docker run` does.
struct PendingAttachments {
    private typealias Client = (streams: AttachStreams, continuation: CheckedContinuation<FileDescriptor?, Never>)
    private var clients: [Int: Client] = [:]
    private var cancelled: Set<Int> = []
    private var next = 0

    mutating func ticket() -> Int {
        next += 1
        return next
    }

    mutating func add(
        _ ticket: Int,
        _ streams: AttachStreams,
        _ continuation: CheckedContinuation<FileDescriptor?, Never>
    ) {
        if cancelled.remove(ticket) != nil { return continuation.resume(returning: nil) }
        clients[ticket] = (streams, continuation)
    }

    mutating func cancel(_ ticket: Int) {
        if let client = clients.removeValue(forKey: ticket) {
            client.continuation.resume(returning: nil)
        } else {
            cancelled.insert(ticket)
        }
    }

    /// Takes everyone who waits, in the order in which they came.
    mutating func take() -> [(streams: AttachStreams, continuation: CheckedContinuation<FileDescriptor?, Never>)] {
        let all = clients.sorted { $0.key < $1.key }.map(\.value)
        clients = [:]
        return all
    }

    mutating func abandon() {
        for client in take() { client.continuation.resume(returning: nil) }
    }
}
