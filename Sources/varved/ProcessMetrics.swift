import Glibc
import Linux
import Metrics
import SystemPackage

/// Figures about the daemon's own process, under the names that Prometheus's libraries give them.
enum ProcessMetrics {
    static func publish(on metrics: Metrics) {
        let (page, tick) = (Double(sysconf(Int32(_SC_PAGESIZE))), Double(sysconf(Int32(_SC_CLK_TCK))))
        metrics.reading("process_resident_memory_bytes", "Resident memory size in bytes.") {
            field(24).map { $0 * page }
        }
        metrics.reading("process_virtual_memory_bytes", "Virtual memory size in bytes.") { field(23) }
        metrics.reading(
            "process_cpu_seconds_total",
            "Total user and system CPU time spent in seconds.",
            kind: .counter
        ) {
            guard let user = field(14), let system = field(15) else { return nil }
            return (user + system) / tick
        }
        metrics.reading("process_open_fds", "Number of open file descriptors.") {
            (try? listFolder("/proc/self/fd")).map { Double($0.count) }
        }
        metrics.reading("process_max_fds", "Maximum number of open file descriptors.") {
            OpenFiles.limit.map { Double($0) }
        }
        let start = startTime(tick)
        metrics.reading("process_start_time_seconds", "Start time of the process since unix epoch in seconds.") {
            start
        }
    }

    /// A field of `/proc/self/stat`, counted from 1 (man 5 proc).
    private static func field(_ number: Int) -> Double? {
        guard let text = (try? readFile("/proc/self/stat")).map({ String(decoding: $0, as: UTF8.self) }),
            // The second is the program's name in parentheses, with anything in it.
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[end...].split(separator: " ")
        return number - 2 < fields.count ? Double(fields[number - 2]) : nil
    }

    private static func startTime(_ tick: Double) -> Double? {
        guard let boot = (try? readFile("/proc/stat")).map({ String(decoding: $0, as: UTF8.self) }),
            let line = boot.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let seconds = Double(line.dropFirst("btime ".count)), let ticks = field(22)
        else { return nil }
        return seconds + ticks / tick
    }
}
