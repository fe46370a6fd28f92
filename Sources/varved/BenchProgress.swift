import DriverBench
import Glibc

/// Says on standard error how far a run is: on a terminal on one line, else a line a workload.
final class BenchProgress {
    private let isTerminal = isatty(2) == 1
    private var last = ""

    func show(_ what: String, _ part: Double) {
        let percent = "\(Int(part * 100)) %"
        if isTerminal {
            say("\r\u{1B}[K\(percent)  \(what)")
        } else {
            let workload = String(what.prefix { $0 != ":" })
            if workload != last { say("\(percent)  \(workload)\n") }
            last = workload
        }
    }

    func save(_ report: Report, _ path: String) {
        do { try report.save(to: path) } catch { say("\ncan't write the report: \(error)\n") }
    }

    private func say(_ text: String) { write(2, text, text.utf8.count) }  // there is nobody else to tell

    func end() { if isTerminal { say("\r\u{1B}[K") } }
}
