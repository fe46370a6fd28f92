import Glibc
import Linux
import RuntimeProtocol
import SystemPackage
import Testing

@testable import Launcher

/// The daemon's connection to a monitor that ends.
struct ControlConnectionTests {
    /// A request that the monitor has not read when it tells of the end and goes: it is answered all the same.
    @Test(.timeLimit(.minutes(20))) func noRequestWaitsForAMonitorThatIsGone() async throws {
        for _ in 0..<300 {
            var ends: [CInt] = [-1, -1]
            try sys("make a pair of sockets") { socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) }
            let monitor = ends[1]
            let connection = ControlConnection(OwnedDescriptor(ends[0]), folder: "/nonexistent")
            let resize = Task { try await connection.request(ControlRequest(.resize)) }
            var waiting = pollfd(fd: monitor, events: Int16(POLLIN), revents: 0)
            while poll(&waiting, 1, 5) == 0 { await Task.yield() }
            let line = Array(#"{"exit":{"ExitCode":0,"FinishedAt":"2026-11-22T00:00:00Z"}}"#.utf8) + [10]
            try sys("tell of the end") { send(monitor, line, line.count, CInt(MSG_NOSIGNAL)) }
            close(monitor)
            await #expect(throws: LaunchError.self) { try await resize.value }
            _ = await connection.exit(of: nil)
        }
    }
}
