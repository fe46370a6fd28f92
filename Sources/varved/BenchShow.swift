import ArgumentParser
import DriverBench
import Glibc
import SystemPackage

/// The command `varved driver bench show`.
struct BenchShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a run measured.",
        discussion: """
            csv has one line for each sample; html is one page with charts that needs nothing else.

            Examples:
              varve driver bench show here.json
              varve driver bench show here.json --format html > here.html
              varve driver bench show here.json --format csv > samples.csv
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json, csv, html
    }

    @Argument(help: "A file that --json wrote.") var file: String
    @Option(help: "How to write it: table, json, csv or html.") var format = Format.table

    func run() throws {
        let report = try Report.read(FilePath(file))
        switch format {
        case .table: print(TableReport(report, .here).text)
        case .json: print(try report.json())
        case .csv: print(SampleTable(report).text, terminator: "")
        case .html: print(PageReport(report).text)
        }
    }
}

extension TextStyle {
    /// As wide as the terminal, in colours where it is one and nobody asked for none (no-color.org).
    static var here: TextStyle {
        var size = [UInt16](repeating: 0, count: 4)  // a winsize: rows, columns, and their pixels
        let isTerminal = isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
        let refusal = getenv("NO_COLOR").map { String(cString: $0) } ?? ""
        return TextStyle(width: isTerminal ? Int(size[1]) : 80, hasColours: isTerminal && refusal.isEmpty)
    }
}
