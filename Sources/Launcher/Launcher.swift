package import Linux
package import Logging
package import OCI
package import RuntimeProtocol
package import SystemPackage

/// Where a container's root file system comes from.
package enum Rootfs: Sendable, Equatable {
    /// It is this folder.
    case folder(FilePath)
    /// These mounts make it, in the container's own mount namespace; targets are relative to its root.
    case mounts([Mount])
}

/// Where a monitor writes what the container says: a json-file log.
package struct LogTarget: Sendable, Equatable {
    /// The file; rotated ones get `.1`, `.2`, ….
    package var path: FilePath
    /// Bytes after which a new file is begun; nil: never.
    package var maxSize: Int64?
    /// How many files there may be.
    package var maxFiles: Int

    package init(path: FilePath, maxSize: Int64? = nil, maxFiles: Int = 1) {
        self.path = path
        self.maxSize = maxSize
        self.maxFiles = maxFiles
    }
}

/// One container to launch.
package struct LaunchRequest: Sendable {
    package var id: String
    /// The folder with `config.json`.
    package var bundle: FilePath
    package var rootfs: Rootfs
    package var openStdin: Bool
    /// Standard input ends with the first client that was attached to it.
    package var stdinOnce: Bool
    package var log: LogTarget?

    package init(id: String, bundle: FilePath, rootfs: Rootfs, openStdin: Bool, stdinOnce: Bool, log: LogTarget?) {
        self.id = id
        self.bundle = bundle
        self.rootfs = rootfs
        self.openStdin = openStdin
        self.stdinOnce = stdinOnce
        self.log = log
    }
}

/// A process to start in a running container.
package struct ExecRequest: Sendable {
    /// The OCI process; `user` in it counts only where `userName` is empty.
    package var process: RuntimeProcess
    /// `name[:group]`, resolved in the container.
    package var userName: String
    package var openStdin: Bool
    /// The process is set up, but begins only when the first client is attached to it, so that no output is lost.
    package var waitsForClient: Bool

    package init(process: RuntimeProcess, userName: String, openStdin: Bool, waitsForClient: Bool) {
        self.process = process
        self.userName = userName
        self.openStdin = openStdin
        self.waitsForClient = waitsForClient
    }
}

/// Why a process could not be started: Docker's words, and the exit code that goes with them (126, 127, 128).
package struct LaunchError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    package let exitCode: Int

    package init(_ description: String, exitCode: Int) {
        self.description = description
        self.exitCode = exitCode
    }
}

/// Starts containers through one `varve-runtime` that runs all the time.
package final class Launcher: Sendable {
    /// Starts the zygote from `runtime`; each container gets a folder in `execRoot`.
    package init(execRoot: FilePath, runtime: FilePath, log: Logger) throws { fatalError("not written yet") }
    /// Sets a container up; its process waits for `Monitor.start`.
    package func launch(_ request: LaunchRequest) async throws -> Monitor { fatalError("not written yet") }
    /// Finds the monitor of a container that another daemon launched; nil: it is gone.
    package func reconnect(_ id: String) async throws -> Monitor? { fatalError("not written yet") }
    /// What a monitor that is gone left behind.
    package func exitRecord(_ id: String) throws -> ExitRecord? { fatalError("not written yet") }
    /// Deletes a container's folder in the exec root.
    package func forget(_ id: String) { fatalError("not written yet") }
}

/// The daemon's end of a container's monitor.
package final class Monitor: Sendable {
    /// The container's first process, in the host's numbers.
    package let pid: Int32

    init(pid: Int32) { self.pid = pid }

    /// Lets the container's process go.
    package func start() async throws { fatalError("not written yet") }
    package func signal(_ number: Int32) async throws { fatalError("not written yet") }
    /// Sets the size of the terminal of an exec, or with nil of the container.
    package func resize(process: String?, rows: UInt16, columns: UInt16) async throws { fatalError("not written yet") }
    /// Starts a process in the container under the name `id`; returns its pid on the host.
    package func exec(id: String, _ request: ExecRequest) async throws -> Int32 { fatalError("not written yet") }
    /// A connected stream: what is written is standard input, what is read are frames (or, with a terminal, bytes).
    package func attach(process: String?, stdin: Bool, stdout: Bool, stderr: Bool) async throws -> FileDescriptor {
        fatalError("not written yet")
    }
    /// Waits until the container's process has ended.
    package func exited() async -> ExitRecord { fatalError("not written yet") }
    /// Waits until an exec has ended.
    package func exited(exec id: String) async -> ExitRecord { fatalError("not written yet") }
}
