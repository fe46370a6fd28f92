import CLinux
package import Glibc
import Linux
import SystemPackage

/// A descriptor that the kernel makes ready when a container lacks memory.
///
/// v1: an eventfd, told before anybody is killed, and of groups above that lack it, too (Documentation/admin-guide/cgroup-v1/memory.rst,
/// "OOM Control"). v2: the file of the counters itself, which needs no inotify, of which a user has 128 (cgroup-v2.rst, "memory.events").
package struct KillNotice: ~Copyable {
    private let descriptor: OwnedDescriptor
    package let isUnified: Bool

    fileprivate init(_ descriptor: consuming OwnedDescriptor, isUnified: Bool) {
        self.descriptor = descriptor
        self.isUnified = isUnified
    }

    /// What to wait for.
    package var entry: pollfd {
        pollfd(fd: descriptor.rawValue, events: Int16(isUnified ? POLLPRI : POLLIN), revents: 0)
    }

    /// Makes it wait for what comes from now on: call before the counter is read.
    package func clear() {
        var bytes = [UInt8](repeating: 0, count: 1024)
        // Of the file any read counts, and the eventfd's number says nothing.
        _ = pread(descriptor.rawValue, &bytes, bytes.count, 0)
        if !isUnified { _ = read(descriptor.rawValue, &bytes, 8) }
    }
}

extension ControlGroup {
    /// Nil where the host counts no memory; throws where its kernel can't tell.
    package func killNotice() throws -> KillNotice? {
        if let unified {
            let path = unified.appending("memory.events")
            guard exists(path) else { return nil }
            let file = OwnedDescriptor(try sys("open \(path)") { open(path.string, O_RDONLY | O_CLOEXEC) })
            let notice = KillNotice(file, isUnified: true)
            notice.clear()
            return notice
        }
        guard let folder = folder(of: "memory") else { return nil }
        let path = folder.appending("memory.oom_control")
        let control = OwnedDescriptor(try sys("open \(path)") { open(path.string, O_RDONLY | O_CLOEXEC) })
        let event = OwnedDescriptor(
            try sys("make an eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
        )
        try setControl(folder.appending("cgroup.event_control"), "\(event.rawValue) \(control.rawValue)")
        return KillNotice(event, isUnified: false)
    }

    /// Whether nobody is killed for want of memory, but has to wait; v1 alone can do that.
    package var waitsForMemory: Bool {
        guard unified == nil else { return false }
        let counters = Counters.all(folder(of: "memory")?.appending("memory.oom_control"))
        return counters["oom_kill_disable"] == 1 && counters["under_oom"] == 1
    }
}
