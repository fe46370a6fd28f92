import FoundationEssentials
import Linux
package import RuntimeProtocol
package import SystemPackage

/// The daemon's end of a container's monitor.
package final class Monitor: Sendable {
    /// The container's first process, in the host's numbers.
    package let pid: Int32
    /// Whether processes of the container were killed for want of memory before this daemon came.
    package let hadKills: Bool
    private let folder: FilePath
    private let control: ControlConnection

    init(pid: Int32, folder: FilePath, control: ControlConnection, hadKills: Bool = false) {
        self.pid = pid
        self.hadKills = hadKills
        self.folder = folder
        self.control = control
    }

    /// Lets the container's process go.
    ///
    /// Throws `LaunchError` where the kernel would not run the program.
    package func start() async throws { _ = try await control.request(ControlRequest(.start)) }

    /// Signals an exec, or with nil the container's first process.
    package func signal(_ number: Int32, process: String? = nil) async throws {
        var request = ControlRequest(.signal, process: process)
        request.signal = number
        _ = try await control.request(request)
    }

    /// Sets the size of the terminal of an exec, or with nil of the container.
    package func resize(process: String?, rows: UInt16, columns: UInt16) async throws {
        var request = ControlRequest(.resize, process: process)
        request.rows = rows
        request.columns = columns
        _ = try await control.request(request)
    }

    /// Starts a process in the container under the name `id`; returns its pid on the host.
    package func exec(id: String, _ request: ExecRequest) async throws -> Int32 {
        var asked = ControlRequest(.exec, process: id)
        asked.exec = ExecMessage(
            process: request.process,
            userName: request.userName,
            openStdin: request.openStdin,
            waitsForClient: request.waitsForClient
        )
        return try await control.request(asked).pid ?? 0
    }

    /// A connected stream: what is written is standard input, what is read are frames (or, with a terminal, bytes).
    package func attach(process: String?, stdin: Bool, stdout: Bool, stderr: Bool) async throws -> FileDescriptor {
        var request = ControlRequest(.attach, process: process)
        request.stdin = stdin
        request.stdout = stdout
        request.stderr = stderr
        let line = Array(try JSONEncoder().encode(request)) + [UInt8(ascii: "\n")]
        return try await onThread { [folder] in
            let socket = OwnedDescriptor(try connect(to: folder).rawValue)
            let answer = try exchange(line, on: socket.rawValue)
            let reply = try JSONDecoder().decode(ControlReply.self, from: Data(answer))
            if let error = reply.error { throw LaunchError(error, exitCode: reply.errorCode ?? 128) }
            return socket.release()
        }
    }

    /// Takes ports of the host for the container, instead of those that it had; returns which, for each request.
    ///
    /// Throws `LaunchError` where somebody has one already.
    package func publish(_ ports: [PortRequest]) async throws -> [[BoundPort]] {
        var request = ControlRequest(.publish)
        request.ports = ports
        return try await control.request(request).ports ?? []
    }

    /// An element whenever the kernel killed processes of the container for want of memory; ends with the container. For one
    /// listener.
    package var kills: AsyncStream<UInt64> { control.kills }

    /// Waits until the container's process has ended.
    package func exited() async -> ExitRecord { await control.exit(of: nil) }

    /// Waits until an exec has ended.
    package func exited(exec id: String) async -> ExitRecord { await control.exit(of: id) }
}
