/// What was measured of one workload on one target.
package struct Measurement: Codable, Sendable, Equatable {
    package var workload: String
    package var target: String
    /// In the order taken; the warm-up is not among them.
    package var samples: [Sample]
    package var summary: Summary?
    /// Why there is nothing, or no more: the target can't, a program is missing, it failed.
    package var problem: String?

    package init(workload: String, target: String, samples: [Sample] = [], problem: String? = nil) {
        (self.workload, self.target, self.samples, self.problem) = (workload, target, samples, problem)
        summary = Summary(samples.map(\.value))
    }
}

/// One round's values, of one operation.
package struct Sample: Codable, Sendable, Equatable {
    /// In the workload's unit.
    package var value: Double
    /// Seconds of processors' time, of this program and all it started; nil where the kernel did not let it be counted.
    package var processor: Double?
    /// System calls, of the same.
    package var calls: Double?

    package init(value: Double, processor: Double? = nil, calls: Double? = nil) {
        (self.value, self.processor, self.calls) = (value, processor, calls)
    }
}
