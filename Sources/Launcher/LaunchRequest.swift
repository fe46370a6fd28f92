package import Linux
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

/// One container to launch.
package struct LaunchRequest: Sendable {
    package var id: String
    /// The folder with `config.json`: the container's in the exec root.
    package var bundle: FilePath
    package var rootfs: Rootfs
    package var openStdin: Bool
    /// Standard input ends with the first client that was attached to it.
    package var stdinOnce: Bool
    /// Nil: what it says is written nowhere.
    package var log: LogTarget?
    /// Who makes its processes; nil: Varve itself.
    package var runtime: RuntimeCommand?

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

    /// What is asked of a container that has just ended.
    package static let processGone = LaunchError(ControlReply.processGone, exitCode: 128)
    package static let monitorGone = LaunchError("the container's monitor is gone", exitCode: 128)
}
