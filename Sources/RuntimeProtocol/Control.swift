package import OCI

/// A line from the daemon to a monitor, on its control connection or on one made to its socket.
package struct ControlRequest: Codable, Sendable {
    /// What is asked.
    package enum Verb: String, Codable, Sendable {
        /// Says who is there: answered with the container's pid.
        case hello
        /// Lets the container's process go.
        case start
        case signal
        case resize
        /// Starts another process in the container.
        case exec
        /// Turns this connection, after the answer, into a process's stream.
        case attach
        /// Takes these ports of the host, instead of those before, and leads what comes there to the container.
        case publish
    }

    package var verb: Verb
    /// Comes back in the answer.
    package var serial: Int
    package var signal: Int32?
    /// An exec's name; nil: the container's own process.
    package var process: String?
    package var rows: UInt16?
    package var columns: UInt16?
    package var exec: ExecMessage?
    package var stdin: Bool?
    package var stdout: Bool?
    package var stderr: Bool?
    package var ports: [PortRequest]?

    package init(_ verb: Verb, serial: Int = 0, process: String? = nil) {
        self.verb = verb
        self.serial = serial
        self.process = process
    }
}

/// A process to start in a running container.
package struct ExecMessage: Codable, Sendable {
    package var process: RuntimeProcess
    /// `name[:group]`, resolved in the container; empty: the numbers in `process`.
    package var userName: String
    package var openStdin: Bool
    /// It begins when the first client is attached.
    package var waitsForClient: Bool

    package init(process: RuntimeProcess, userName: String, openStdin: Bool, waitsForClient: Bool) {
        self.process = process
        self.userName = userName
        self.openStdin = openStdin
        self.waitsForClient = waitsForClient
    }
}

/// A line from a monitor: an answer, or, without a serial number, something that happened.
package struct ControlReply: Codable, Sendable {
    /// The error of who asks for a process that has ended.
    package static let processGone = "process is not running"

    /// The request's; nil: an event.
    package var serial: Int?
    /// The process that ended (event), nil for the container's own.
    package var process: String?
    package var pid: Int32?
    package var exit: ExitRecord?
    /// How many processes of the container the kernel has killed for want of memory (event, and answer to `hello`).
    package var kills: UInt64?
    /// Why it could not be done, and the exit code that goes with it.
    package var error: String?
    package var errorCode: Int?
    /// Things that were left out though they were asked for, because this host has no right to them.
    package var warnings: [String]?
    /// What was taken for each request.
    package var ports: [[BoundPort]]?

    package init(serial: Int?) { self.serial = serial }

    /// The news that processes were killed.
    package init(kills: UInt64) { self.kills = kills }
}
