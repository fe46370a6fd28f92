/// One workload on one target, while it is measured.
final class Track {
    let target: String
    private let workload: Workload
    private let subject: any Subject
    private let clock: ProcessorClock
    /// System calls of one operation, counted while it warmed up.
    private var calls: Double?
    private var play: Play?
    private(set) var samples: [Sample] = []
    private var problem: String?
    /// How long one round takes, with what is around it: as long as the warm-up did.
    private(set) var roundTime = 0.0
    /// Whether the run's time was over before this was ready, or in one of its rounds.
    private(set) var isOutOfTime = false

    /// Makes what the rounds need, and warms up by one that does not count; what goes wrong is kept for the report.
    init(_ workload: Workload, target: String, _ subject: any Subject, _ clock: ProcessorClock) {
        (self.workload, self.target, self.subject, self.clock) = (workload, target, subject, clock)
        do {
            // Only now: counting them slows them down.
            let counter = subject.isOurs ? CallCounter() : nil
            play = try workload.prepare(subject)
            try warmUp(counter)
        } catch { fail(error) }
    }

    private func warmUp(_ counter: CallCounter?) throws {
        guard let play else { return }
        let start = ContinuousClock.now
        try play.before()
        let before = counter?.calls
        _ = try play.measured()
        let after = counter?.calls
        try play.after()
        roundTime = (ContinuousClock.now - start) / .seconds(1)
        // The second look at the counter is a call, too.
        if let before, let after { calls = max(0, after - before - 1) / Double(play.operations) }
    }

    /// Whether another round is worth its time, when `spent` seconds of `seconds` for all targets are over.
    ///
    /// A slow target gets at least three rounds. Past the time, the others get no more than that either.
    func wantsMore(_ scale: Scale, spent: Double, of seconds: Double) -> Bool {
        guard play != nil, samples.count < scale.mostRounds else { return false }
        if isLacking { return true }
        if spent > seconds { return samples.count < scale.rounds && spent < seconds * 1.5 }
        return samples.count < scale.rounds || (Summary(samples.map(\.value))?.uncertainty ?? 0) > 0.05
    }

    /// Whether it can be measured, and has too few values to count.
    var isLacking: Bool { play != nil && samples.count < Self.leastRounds }

    static let leastRounds = 3

    /// Measures once more.
    func round() { do { if let sample = try sample() { samples.append(sample) } } catch { fail(error) } }

    private func sample() throws -> Sample? {
        guard let play else { return nil }
        try play.before()
        if workload.isCold { try subject.dropCaches() }
        let processor = clock.seconds
        let start = ContinuousClock.now
        let told = try play.measured()
        let taken = (ContinuousClock.now - start) / .seconds(1)
        let processorAfter = clock.seconds
        try play.after()
        let count = Double(play.operations)
        var own: Double?
        if let processor, let processorAfter, subject.isOurs { own = max(0, processorAfter - processor) / count }
        return Sample(value: (told ?? taken) / count, processor: own, calls: calls)
    }

    private func fail(_ error: any Error) {
        isOutOfTime = error is RunTime.Over
        problem = String("\(error)".prefix(500))  // a program may say pages
        // Both remove what there is of a round, or of all; the first error is the one to report.
        try? play?.after()
        try? play?.end()
        play = nil
        subject.removeContainers()
    }

    /// After the last round.
    func end() {
        do { try play?.end() } catch { if problem == nil { problem = "cleaning up: \(error)" } }
        play = nil
        subject.removeContainers()
    }

    /// What was measured.
    var measurement: Measurement {
        Measurement(workload: workload.facts.id, target: target, samples: samples, problem: problem)
    }
}
