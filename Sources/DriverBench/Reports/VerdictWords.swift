extension Verdict {
    /// `read-heavy: overlay2: 1.8 times (1.6–2.0) as fast as the next, btrfs, mostly by lookup/127-layers`.
    func sentence(_ report: Report) -> String {
        let left = unranked.map { "\(name($0.target, report)) isn't ranked: \($0.reason)" }
        return Words.line((["\(use): \(judgement(report))"] + left).joined(separator: "; "))
    }

    private func judgement(_ report: Report) -> String {
        guard let first = places.first else { return "not measured" }
        guard places.count > 1 else { return "\(name(first.target, report)) is the only driver that was measured" }
        let tied = best
        guard tied.count == 1 else {
            let apart = (tied.map(\.times.value).max() ?? 1) - 1
            let names = Words.list(tied.map { name($0.target, report) })
            return "no clear winner between \(names) (difference within the noise, \(Words.percent(apart)))"
        }
        let times = places[1].times
        let how = "\(Words.times(times.value)) times (\(Words.times(times.low))–\(Words.times(times.high)))"
        let next = name(places[1].target, report)
        let by = decisive.isEmpty ? "" : ", mostly by \(Words.list(decisive))"
        let winner = name(first.target, report)
        if use == "low-space" { return "\(winner): the next, \(next), takes \(how) as much\(by)" }
        return "\(winner): \(how) as fast as the next, \(next)\(by)"
    }

    /// With its file system, where drivers were measured on several: then it is compared, too.
    private func name(_ id: String, _ report: Report) -> String {
        let drivers = report.targets.filter { $0.kind == .driver && $0.unsupported == nil }
        guard Set(drivers.map(\.fileSystem)).count > 1,
            let target = report.targets.first(where: { $0.id == id }), !target.fileSystem.isEmpty
        else { return id }
        return "\(id) on \(target.fileSystem)"
    }
}
