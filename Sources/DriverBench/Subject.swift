import Linux
import SystemPackage

/// What workloads are measured on: a driver on a scratch folder, or a daemon.
protocol Subject: AnyObject {
    /// Whether its work is done by this program and what it starts, so that it can be counted.
    var isOurs: Bool { get }
    /// What was written is on the disk.
    func settle() throws
    /// Nothing of any file system is in the kernel's caches.
    func dropCaches() throws
    /// Removes what a workload that failed left.
    func removeContainers()
    /// Removes all that was made on it.
    func close() throws
}

extension Stage: Subject {
    var isOurs: Bool { true }
}

extension Subject {
    /// Itself, as what it is.
    func asKind<Kind: Subject>(_ kind: Kind.Type) throws -> Kind {
        guard let same = self as? Kind else { throw SystemError("measure it on this target", .notSupported) }
        return same
    }
}

extension Workload {
    /// Daemons' workloads are for daemons, all others for drivers.
    func isFor(_ subject: any Subject) -> Bool { (facts.group == .daemon) == (subject is Peer) }
}
