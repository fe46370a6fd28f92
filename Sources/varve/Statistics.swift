/// What a container uses, out of one answer of the daemon's, by the sums that Docker's command does.
struct Statistics {
    private let answer: JSON
    /// How the container was named by who asks.
    private let container: String
    private let noTrunc: Bool

    /// An answer that is null: nothing is known yet.
    init(_ answer: JSON, container: String, noTrunc: Bool) {
        (self.answer, self.container, self.noTrunc) = (answer, container, noTrunc)
    }

    static let columns = [
        (header: "CONTAINER ID", field: "ID"), (header: "NAME", field: "Name"), (header: "CPU %", field: "CPUPerc"),
        (header: "MEM USAGE / LIMIT", field: "MemUsage"), (header: "MEM %", field: "MemPerc"),
        (header: "NET I/O", field: "NetIO"), (header: "BLOCK I/O", field: "BlockIO"), (header: "PIDS", field: "PIDs"),
    ]

    var row: JSON {
        let id = answer["id"].string ?? ""
        let name = answer["name"].string ?? ""
        let isKnown = !answer.isNull
        func text(_ value: @autoclosure () -> String, unknown: String = "--") -> JSON {
            .string(isKnown ? value() : unknown)
        }
        return .object([
            (key: "BlockIO", value: text("\(humanSize(disk("r"))) / \(humanSize(disk("w")))")),
            (key: "CPUPerc", value: text(fixed(cpu, 2) + "%")),
            (key: "Container", value: .string(container)),
            (key: "ID", value: .string(noTrunc ? id : shortID(id))),
            (key: "MemPerc", value: text(fixed(limit > 0 ? memory / limit * 100 : 0, 2) + "%")),
            (key: "MemUsage", value: text("\(binarySize(memory)) / \(binarySize(limit))", unknown: "-- / --")),
            (key: "Name", value: .string(name.count > 1 ? String(name.dropFirst()) : "--")),
            (key: "NetIO", value: text("\(humanSize(net("rx_bytes"))) / \(humanSize(net("tx_bytes")))")),
            (key: "PIDs", value: text("\(answer["pids_stats"]["current"].int ?? 0)")),
        ])
    }

    /// Percent of one CPU since the sample before.
    private var cpu: Double {
        let (now, before) = (answer["cpu_stats"], answer["precpu_stats"])
        func number(_ value: JSON) -> Double { value.double ?? 0 }
        let used = number(now["cpu_usage"]["total_usage"]) - number(before["cpu_usage"]["total_usage"])
        let passed = number(now["system_cpu_usage"]) - number(before["system_cpu_usage"])
        var cpus = number(now["online_cpus"])
        if cpus == 0 { cpus = Double(now["cpu_usage"]["percpu_usage"].elements.count) }
        return used > 0 && passed > 0 ? used / passed * cpus * 100 : 0
    }

    /// Without the part of the page cache that would go first: version 1 of cgroups names it differently.
    private var memory: Double {
        let stats = answer["memory_stats"]
        let usage = stats["usage"].double ?? 0
        for name in ["total_inactive_file", "inactive_file"] {
            if let cache = stats["stats"][name].double, cache < usage { return usage - cache }
        }
        return usage
    }

    private var limit: Double { answer["memory_stats"]["limit"].double ?? 0 }

    private func net(_ field: String) -> Int {
        answer["networks"].fields.reduce(0) { $0 + ($1.value[field].int ?? 0) }
    }

    private func disk(_ letter: Character) -> Int {
        answer["blkio_stats"]["io_service_bytes_recursive"].elements.reduce(0) { sum, entry in
            entry["op"].string?.lowercased().first == letter ? sum + (entry["value"].int ?? 0) : sum
        }
    }
}
