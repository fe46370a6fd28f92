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

    /// The number of the tracepoint that each system call passes.
    private static let tracepoint: UInt64? = {
        for place in ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"] {
            guard let text = try? readFile(FilePath(place).appending("events/raw_syscalls/sys_enter/id")) else {
                continue
            }
            return UInt64(String(decoding: text, as: UTF8.self).filter(\.isNumber))
        }
        return nil
    }()
}
