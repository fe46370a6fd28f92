import Cgroups
import Glibc
import Linux
import OCI
import SystemPackage

/// Commands that only tell.
enum ShowCommands {
    private struct Row: Encodable {
        let ociVersion: String
        let id: String
        let pid: Int32
        let status: String
        let bundle: String
        let rootfs: String
        let created: Timestamp
        let owner: String
    }

    static func list(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let options = try Options(words, [.value("format", "f"), .flag("quiet", "q")])
        let format = try format(options)
        var rows: [Row] = []
        for name in try listFolder(invocation.root) {
            // One that is going away meanwhile, or is none.
            guard let folder = try? StateFolder(name, invocation), let record = try? folder.record() else { continue }
            let state = folder.state(record)
            rows.append(
                Row(
                    ociVersion: state.ociVersion,
                    id: name,
                    pid: state.pid,
                    status: state.status.rawValue,
                    bundle: state.bundle,
                    rootfs: record.rootfs,
                    created: record.created,
                    owner: record.owner
                )
            )
        }
        if options.has("quiet") {
            for row in rows { print(row.id) }
        } else if format == "json" {
            try printJSON(rows, isPretty: false)
        } else {
            printTable(rows)
        }
        return 0
    }

    private static func format(_ options: Options) throws -> String {
        let format = options.value("format") ?? "table"
        guard ["table", "json"].contains(format) else { throw UsageError("invalid format \"\(format)\"") }
        return format
    }

    private static func printTable(_ rows: [Row]) {
        let lines =
            [["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]]
            + rows.map { [$0.id, "\($0.pid)", $0.status, $0.bundle, "\($0.created)", $0.owner] }
        let widths = (0..<6).map { column in max(12, lines.map { $0[column].count + 3 }.max() ?? 0) }
        for line in lines {
            let cells = line.enumerated().map { index, text in
                index == 5 ? text : text + String(repeating: " ", count: widths[index] - text.count)
            }
            print(cells.joined())
        }
    }

    static func ps(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let options = try Options(words, [.value("format", "f")])
        guard let id = options.rest.first else { throw UsageError("ps needs a container ID") }
        let record = try StateFolder(id, invocation).record()
        guard let groups = CommandGroups(record.cgroupsPath) else {
            throw StepError("ps needs control groups, and this host has none")
        }
        let pids = try groups.processes()
        if try format(options) == "json" {
            try printJSON(pids, isPretty: false)
            return 0
        }
        let arguments = options.rest.count > 1 ? Array(options.rest.dropFirst()) : ["-ef"]
        let lines = try Command.runWhole(["ps"] + arguments)
        guard let header = lines.first,
            let column = header.split(separator: " ").firstIndex(of: "PID")
        else { throw StepError("ps \(arguments.joined(separator: " ")) shows no column PID") }
        print(header)
        for line in lines.dropFirst() {
            let fields = line.split(separator: " ")
            if column < fields.count, let pid = Int32(fields[column]), pids.contains(pid) { print(line) }
        }
        return 0
    }

    static func features(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        _ = try Options(words, [])
        try printJSON(Features())
        return 0
    }

    static func events(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let options = try Options(words, [.flag("stats"), .value("interval")])
        guard options.has("stats") else { throw UsageError("events without --stats is not there") }
        let folder = try StateFolder(try options.container(), invocation)
        let record = try folder.record()
        guard folder.status(record) != .stopped else { throw StepError("container not running") }
        guard let groups = CommandGroups(record.cgroupsPath) else { throw StepError("this host has no control groups") }
        try printJSON(UsageEvent(folder.id, groups.group), isPretty: false)
        return 0
    }
}

extension Command {
    /// The lines that a program of the host writes.
    fileprivate static func runWhole(_ command: [String]) throws -> [Substring] {
        let text = try run(command, mostOutput: 1 << 22, joining: "\n")
        return text.split(separator: "\n")
    }
}
