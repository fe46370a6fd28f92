import Glibc
import Linux
import SystemPackage

/// Stops all processes of a container where they are, and lets them go on (v1: the `freezer` controller; v2:
/// `cgroup.freeze`, Documentation/admin-guide/cgroup-v2.rst).
extension ControlGroup {
    /// Whether they stand still; false where the kernel can't do that.
    package var isFrozen: Bool {
        guard unified == nil else {
            return Counters.all(unified?.appending("cgroup.events"))["frozen"] == 1
        }
        return Counters.text(folder(of: "freezer")?.appending("freezer.state"))?.hasPrefix("FROZEN") == true
    }

    /// Returns when they stand still; throws, and lets them go on, when some do not within ten seconds.
    package func freeze() throws {
        do {
            for attempt in 1...1000 {
                // v1 gives up where a process was forking: then it needs to be told again.
                if unified == nil || attempt == 1 { try freezer("1", old: "FROZEN") }
                if isFrozen { return }
                usleep(attempt < 10 ? 1000 : 10_000)
            }
        } catch {
            try? thaw()  // the first error is the one to report
            throw error
        }
        try thaw()
        throw SystemError("wait until all processes stand still, for ten seconds", .timedOut)
    }

    package func thaw() throws { try freezer("0", old: "THAWED") }

    private func freezer(_ value: String, old: String) throws {
        if let unified { return try setControl(unified.appending("cgroup.freeze"), value) }
        guard let folder = folder(of: "freezer") else {
            throw SystemError("find a freezer among this host's control groups", .notSupported)
        }
        try setControl(folder.appending("freezer.state"), old)
    }
}
