import CLinux
import Glibc
import Linux
import SystemPackage

/// A counter of the kernel's perf, for this thread and all threads and programs that it starts from now on.
///
/// What the kernel does not let be counted is nil.
class Counter {
    private let descriptor: CInt

    fileprivate init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { if descriptor >= 0 { close(descriptor) } }

    fileprivate var value: Double? {
        var value: UInt64 = 0
        return read(descriptor, &value, 8) == 8 ? Double(value) : nil
    }
}

/// Seconds on a processor.
final class ProcessorClock: Counter {
    init() { super.init(linux_perf_task_clock()) }

    /// Until now.
    var seconds: Double? { value.map { $0 / 1e9 } }
}

/// System calls; each one takes a fifth of a microsecond longer while this lives.
final class CallCounter: Counter {
    init() { super.init(Self.tracepoint.map(linux_perf_tracepoint) ?? -1) }

    /// Until now.
    var calls: Double? { value }

    /// The number of the tracepoint that each system call passes. Where tracefs is not mounted, a mount of our own that is
    /// nowhere in the tree tells it: it ends with its descriptor.
    private static let tracepoint: UInt64? = {
        let tracing = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
        if let found = tracing.lazy.compactMap({ number(below: FilePath($0)) }).first { return found }
        guard let own = try? Mount(type: "tracefs").makeDetached() else { return nil }
        return number(below: FilePath("/proc/self/fd/\(own.rawValue)/."))
    }()

    private static func number(below tracing: FilePath) -> UInt64? {
        guard let text = try? readFile(tracing.appending("events/raw_syscalls/sys_enter/id")) else { return nil }
        return UInt64(String(decoding: text, as: UTF8.self).filter(\.isNumber))
    }
}
