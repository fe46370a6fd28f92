/// A container as others see it (runtime-spec, `runtime.md`, "State"): the answer to `state`, and what hooks read.
package struct RuntimeState: Codable, Sendable, Equatable {
    /// Where it is in its life.
    package enum Status: String, Codable, Sendable {
        case creating, created, running, paused, stopped
    }

    package var ociVersion: String
    package var id: String
    package var status: Status
    /// 0 where there is no process.
    package var pid: Int32
    /// An absolute path.
    package var bundle: String
    package var annotations: [String: String]?

    package init(ociVersion: String, id: String, status: Status, pid: Int32, bundle: String) {
        self.ociVersion = ociVersion
        self.id = id
        self.status = status
        self.pid = pid
        self.bundle = bundle
    }
}
