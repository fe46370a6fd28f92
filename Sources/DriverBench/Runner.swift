import Glibc
import GraphDrivers
import Linux
package import SystemPackage

/// Measures all workloads on all targets, in turns, within the time there is.
package final class Runner {
    /// What the outside sees of a run.
    package struct Watcher {
        /// Called before each round: what is done, and which part of all.
        package var progress: (_ what: String, _ part: Double) -> Void
        /// Called after each workload, with all that was measured so far.
        package var save: (Report) -> Void
        /// Why it is to end early; nil: go on.
        package var stop: () -> String?

        package init(
            progress: @escaping (String, Double) -> Void,
            save: @escaping (Report) -> Void,
            stop: @escaping () -> String?
        ) {
            (self.progress, self.save, self.stop) = (progress, save, stop)
        }
    }

    /// It was told to end early: the reason.
    struct Stopped: Error { let reason: String }

    package private(set) var report: Report
    private let scale: Scale
    private let workloads: [Workload]
    private let watcher: Watcher
    private let clock = ProcessorClock()
    private let scratch: Scratch
    private var subjects: [(id: String, subject: any Subject)] = []
    private var room: PeerRoom?
    private var random: SeededGenerator
    private let time: RunTime
    /// Seconds that a run took which is gone on with, and its noise.
    private let already: (seconds: Double, noise: Noise)

    /// Opens nothing yet. A workload that `report` has results of already is not measured again.
    package init(report: Report, scale: Scale, workloads: [Workload], scratch: Scratch, watcher: Watcher) {
        (self.report, self.scale, self.workloads) = (report, scale, workloads)
        (self.scratch, self.watcher) = (scratch, watcher)
        random = SeededGenerator(seed: report.plan.seed)
        let known = Set(report.workloads.map(\.id))
        self.report.workloads += workloads.map(\.facts).filter { !known.contains($0.id) }
        already = (report.seconds, report.noise)
        time = RunTime(budget: report.plan.budget)
    }

    /// Runs to the end, or until it is stopped; gives the report either way, and leaves nothing.
    package func run(
        _ targets: [Target],
        peers: [PeerAddress] = [],
        home: FilePath,
        image: FilePath?
    ) throws -> Report {
        let before = report.targets
        do {
            let tars = try Tars(folder: scratch.folder(for: .folder(home)).appending("tars"), image: image)
            try open(targets, tars)
            try open(peers, tars)
            try report.expectSameTargets(before)
            try measureAll(calibration: Calibration(folder: scratch.folder(for: .folder(home))))
            report.ending = .finished
            report.reason = nil
        } catch let stopped as Stopped {
            report.reason = stopped.reason
        } catch let mistake as Target.Mistake {
            close()
            try? scratch.remove()  // the mistake is the one to report
            throw mistake
        } catch {
            report.reason = "\(error)"
        }
        close()
        report.seconds = already.seconds + time.elapsed
        do { try scratch.remove() } catch { report.problems.append("cleaning up: \(error)") }
        watcher.save(report)
        return report
    }

    // MARK: Targets

    /// Opens each target; one that this host can't run is a row that says so.
    private func open(_ targets: [Target], _ tars: Tars) throws {
        report.targets = []
        for (number, row) in try Rows(targets, scratch).all.enumerated() {
            var facts = row.facts
            do {
                let folder = try scratch.folder(for: row.target.place).appending("\(number)")
                try makeFolders(folder, mode: FilePermissions(rawValue: 0o755))
                let stage = try Stage(row.target, folder: folder, scale: scale, tars: tars)
                stage.checkTime = time.check
                facts.status = stage.driver.status.map { "\($0.key): \($0.value)" }
                subjects.append((facts.id, stage))
            } catch { facts.unsupported = "\(error)" }
            report.targets.append(facts)
        }
    }

    /// Asks each daemon what it is; one that does not answer is a row that says so.
    private func open(_ peers: [PeerAddress], _ tars: Tars) throws {
        guard !peers.isEmpty else { return }
        try tell("making an image for daemons", 0)
        let room = try PeerRoom(tars, scale)
        self.room = room
        for address in peers {
            let isTaken = report.targets.contains { $0.id == address.name }
            let id = isTaken ? "\(address.name)@\(address.socket)" : address.name
            do {
                let peer = try room.open(address)
                report.targets.append(peer.facts(id: id))
                subjects.append((id, peer))
            } catch { report.targets.append(.init(unsupported: address, id: id, "\(error)")) }
        }
    }

    private func close() {
        for (id, subject) in subjects {
            do { try subject.close() } catch { report.problems.append("cleaning up \(id): \(error)") }
        }
        subjects = []
        room?.close()
        room = nil
    }

    // MARK: Workloads

    private func measureAll(calibration: Calibration) throws {
        let measured = Set(report.results.map(\.workload))
        let left = Workload.byImportance(workloads.filter { !measured.contains($0.facts.id) })
        var weight = left.reduce(0) { $0 + $1.weight }
        for (number, workload) in left.enumerated() {
            defer { weight -= workload.weight }
            guard time.left > 0 else {
                leaveOut(workload)
                continue
            }
            for _ in 0..<3 { try calibration.take() }
            let part = Double(number) / Double(left.count)
            try measure(workload, seconds: time.left * workload.weight / max(weight, workload.weight), part)
            report.noise = already.noise.joined(with: calibration.noise)
            report.seconds = already.seconds + time.elapsed
            watcher.save(report)
        }
    }

    /// The time is over, or would be.
    private func leaveOut(_ workload: Workload) {
        report.results += subjects(of: workload).map {
            .init(workload: workload.facts.id, target: $0.id, problem: Report.timeOver)
        }
    }

    private func measure(_ workload: Workload, seconds: Double, _ part: Double) throws {
        let id = workload.facts.id
        if let missing = workload.missing {
            report.results += subjects(of: workload).map { .init(workload: id, target: $0.id, problem: missing) }
            return
        }
        let begin = time.elapsed
        var tracks: [Track] = []
        defer { for track in tracks { track.end() } }
        for (target, subject) in subjects(of: workload) where !time.isOver {
            try tell("\(id): \(target)", part)
            tracks.append(Track(workload, target: target, subject, clock))
        }
        // A target that was not come to, or not to its third round, is compared with nobody.
        let least = tracks.filter(\.isLacking).reduce(0) { $0 + $1.roundTime } * Double(Track.leastRounds)
        guard tracks.count == subjects(of: workload).count, time.holds(least) else { return leaveOut(workload) }
        while !time.isOver {
            let waiting = tracks.filter { $0.wantsMore(scale, spent: time.elapsed - begin, of: seconds) }
            if waiting.isEmpty { break }
            for track in waiting.shuffled(using: &random) where !time.isOver {
                try tell("\(id): \(track.target), round \(track.samples.count + 1)", part)
                track.round()
            }
        }
        if tracks.contains(where: { $0.isLacking || $0.isOutOfTime }) { return leaveOut(workload) }
        report.results += tracks.map(\.measurement)
    }

    private func subjects(of workload: Workload) -> [(id: String, subject: any Subject)] {
        subjects.filter { workload.isFor($0.subject) }
    }

    private func tell(_ what: String, _ part: Double) throws {
        if let reason = watcher.stop() { throw Stopped(reason: reason) }
        watcher.progress(what, part)
    }
}
