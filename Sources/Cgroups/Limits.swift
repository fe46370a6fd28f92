import Linux
package import OCI
import SystemPackage

extension ControlGroup {
    /// Limits what the container may take; what is nil stays as it is. Throws where the kernel refuses a value.
    ///
    /// But for devices: see `entrance`.
    package func limit(_ resources: RuntimeResources) throws {
        if let memory = resources.memory { try limit(memory) }
        if let cpu = resources.cpu { try limit(cpu) }
        if let pids = resources.pids { try limit(pids) }
        if let io = resources.blockIO { try limit(io) }
        for limit in resources.hugepageLimits ?? [] { try self.limit(limit) }
        for (name, value) in (resources.unified ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let unified else { throw SystemError("write \(name) where control groups are v1", .notSupported) }
            guard !name.contains("/"), name.contains(".") else {
                throw SystemError("write the control file \"\(name)\"", .invalidArgument)
            }
            try setControl(unified.appending(name), value)
        }
    }
}
