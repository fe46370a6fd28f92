/// The body of `POST /containers/ID/exec`.
package struct ExecCreateRequest: Codable, Sendable, Equatable {
    @Lenient package var user: String = ""
    @Lenient package var privileged: Bool = false
    @Lenient package var tty: Bool = false
    package var consoleSize: [Int]?
    @Lenient package var attachStdin: Bool = false
    @Lenient package var attachStderr: Bool = false
    @Lenient package var attachStdout: Bool = false
    @Lenient package var detach: Bool = false
    @Lenient package var detachKeys: String = ""
    package var env: [String]?
    @Lenient package var workingDir: String = ""
    @Lenient package var cmd: [String] = []

    package enum CodingKeys: String, CodingKey {
        case user = "User"
        case privileged = "Privileged"
        case tty = "Tty"
        case consoleSize = "ConsoleSize"
        case attachStdin = "AttachStdin"
        case attachStderr = "AttachStderr"
        case attachStdout = "AttachStdout"
        case detach = "Detach"
        case detachKeys = "DetachKeys"
        case env = "Env"
        case workingDir = "WorkingDir"
        case cmd = "Cmd"
    }

    package init() {}
}

/// The body of `POST /exec/ID/start`.
package struct ExecStartRequest: Codable, Sendable, Equatable {
    @Lenient package var detach: Bool = false
    @Lenient package var tty: Bool = false
    package var consoleSize: [Int]?

    package enum CodingKeys: String, CodingKey {
        case detach = "Detach"
        case tty = "Tty"
        case consoleSize = "ConsoleSize"
    }

    package init() {}
}

/// An answer that is an ID.
package struct IDResponse: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""

    package enum CodingKeys: String, CodingKey {
        case id = "Id"
    }

    package init() {}
}

/// What an exec runs.
package struct ExecProcess: Codable, Sendable, Equatable {
    @Lenient package var tty: Bool = false
    @Lenient package var entrypoint: String = ""
    @Lenient package var arguments: [String] = []
    @Lenient package var privileged: Bool = false
    package var user: String?

    package enum CodingKeys: String, CodingKey {
        case tty
        case entrypoint
        case arguments
        case privileged
        case user
    }

    package init() {}
}

/// The answer to `GET /exec/ID/json`.
package struct ExecInspect: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""
    @Lenient package var running: Bool = false
    @Nullable package var exitCode: Int?
    package var processConfig: ExecProcess
    @Lenient package var openStdin: Bool = false
    @Lenient package var openStderr: Bool = false
    @Lenient package var openStdout: Bool = false
    @Lenient package var canRemove: Bool = false
    @Lenient package var containerID: String = ""
    @Lenient package var detachKeys: String = ""
    @Lenient package var pid: Int = 0

    package enum CodingKeys: String, CodingKey {
        case id = "ID"
        case running = "Running"
        case exitCode = "ExitCode"
        case processConfig = "ProcessConfig"
        case openStdin = "OpenStdin"
        case openStderr = "OpenStderr"
        case openStdout = "OpenStdout"
        case canRemove = "CanRemove"
        case containerID = "ContainerID"
        case detachKeys = "DetachKeys"
        case pid = "Pid"
    }

    package init(processConfig: ExecProcess) {
        self.processConfig = processConfig
    }
}
