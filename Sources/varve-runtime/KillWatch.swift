import Cgroups
import Glibc

/// Counts the processes of a container that the kernel kills for want of memory, as it does so.
final class KillWatch {
    private let group: ControlGroup
    private let notice: KillNotice
    /// How many were told.
    private(set) var known: UInt64 = 0
    /// How often somebody had to wait for memory instead.
    private var waits: UInt64 = 0
    private var isWaiting = false
    /// Until when to look again: v1 tells of the want before it kills, which takes it a moment.
    private var lookingUntil: Int64?

    /// Nil where the kernel does not tell; the end of the container does then.
    init?(_ group: ControlGroup) {
        guard let notice = try? group.killNotice() else { return nil }
        self.group = group
        self.notice = notice
    }

    var entry: pollfd { notice.entry }

    /// When to look again, if so.
    var nextLook: Int64? { lookingUntil.map { min($0, milliseconds() + 10) } }

    /// The descriptor is ready: some lack memory.
    func hear() {
        notice.clear()
        // v2 tells when it has counted, and of much else.
        lookingUntil = notice.isUnified ? 0 : milliseconds() + 1000
    }

    /// How many were killed so far, if that are more than the last time; whoever waits for memory counts as one of them, as
    /// with Docker.
    func rise() -> UInt64? {
        guard let until = lookingUntil else { return nil }
        return look(until)
    }

    /// The same at the end, heard of or not.
    func lastRise() -> UInt64? { look(0) }

    private func look(_ until: Int64) -> UInt64? {
        let wasWaiting = isWaiting
        isWaiting = group.waitsForMemory
        if isWaiting && !wasWaiting { waits += 1 }
        let count = (group.kills ?? 0) + waits
        if count > known || milliseconds() >= until { lookingUntil = nil }
        guard count > known else { return nil }
        known = count
        return count
    }
}
