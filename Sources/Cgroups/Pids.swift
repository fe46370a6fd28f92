import Linux
import OCI
import SystemPackage

/// Processes and threads of a container; nil is what this kernel does not tell.
package struct PidsUsage: Sendable {
    package var current: UInt64?
    /// Nil: none.
    package var limit: UInt64?
}

extension ControlGroup {
    package var pids: PidsUsage {
        let folder = unified ?? folder(of: "pids")
        return PidsUsage(
            current: Counters.one(folder?.appending("pids.current")),
            limit: Counters.one(folder?.appending("pids.max"))
        )
    }
}

extension ControlGroup {
    func limit(_ pids: RuntimePids) throws {
        guard let folder = unified ?? folder(of: "pids") else { return }
        try setControl(folder.appending("pids.max"), pids.limit > 0 ? "\(pids.limit)" : "max")
    }
}
