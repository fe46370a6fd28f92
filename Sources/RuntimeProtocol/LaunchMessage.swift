package import OCI

/// What the daemon sends to the zygote, with the monitor's end of its control connection: one container to launch.
package struct LaunchMessage: Codable, Sendable {
    package var id: String
    /// The container's folder in the exec root: `config.json`, the monitor's socket, the exit record.
    package var folder: String
    /// The root file system is this folder; nil: `mounts` make it.
    package var rootFolder: String?
    package var mounts: [RootMount]
    package var openStdin: Bool
    package var stdinOnce: Bool
    /// Nil: what the container says is written nowhere.
    package var log: LogTarget?
    /// Who makes the processes; nil: the monitor itself.
    package var runtime: RuntimeCommand?

    package init(id: String, folder: String, rootFolder: String?, mounts: [RootMount]) {
        self.id = id
        self.folder = folder
        self.rootFolder = rootFolder
        self.mounts = mounts
        openStdin = false
        stdinOnce = false
    }
}

/// One of the mounts that make a root file system.
package struct RootMount: Codable, Sendable {
    package var type: String
    package var source: String
    package var target: String
    package var options: [String]
    /// The folder of the file system that is shown; empty: the whole.
    package var subfolder: String

    package init(type: String, source: String, target: String, options: [String], subfolder: String) {
        self.type = type
        self.source = source
        self.target = target
        self.options = options
        self.subfolder = subfolder
    }
}

/// How a process ended.
package struct ExitRecord: Sendable, Equatable, Codable {
    /// The exit status, or 128 and the signal's number.
    package var exitCode: Int
    package var finishedAt: Timestamp
    /// Why there is no status of the process's own, if there is none.
    package var error: String
    /// Whether the kernel killed it, or another process of its container, for want of memory.
    package var lackedMemory: Bool?

    package init(exitCode: Int, finishedAt: Timestamp, error: String = "") {
        self.exitCode = exitCode
        self.finishedAt = finishedAt
        self.error = error
    }
}
