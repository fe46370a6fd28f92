import Glibc
import Linux
import SystemPackage

/// Measures the machine itself again and again: two small things that should always take the same time.
final class Calibration {
    private let folder: FilePath
    private var computing: [Double] = []
    private var flushing: [Double] = []
    private let before = Stolen.now

    init(folder: FilePath) { self.folder = folder }

    /// Takes both once.
    func take() throws {
        computing.append(Self.time { Self.compute() })
        let file = folder.appending("calibration")
        let descriptor = OwnedDescriptor(
            try sys("open \(file)") { open(file.string, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        )
        let block = Tars.noise(4096, computing.count)
        flushing.append(
            try Self.time {
                try sys("write \(file)") { pwrite(descriptor.rawValue, block, block.count, 0) }
                try sys("flush \(file)") { fsync(descriptor.rawValue) }
            }
        )
    }

    /// How much they varied.
    var noise: Noise {
        var noise = Noise()
        noise.processor = Self.spread(computing)
        noise.disk = Self.spread(flushing)
        noise.stolen = Stolen.now.part(since: before)
        noise.count = computing.count
        return noise
    }

    private static func spread(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let median = Bootstrap.median(ofSorted: sorted)
        guard sorted.count > 3, median > 0 else { return 0 }
        return (sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]) / median
    }

    /// Some milliseconds of arithmetic that nobody can leave out.
    private static func compute() {
        var random = SeededGenerator(seed: 1)
        var sum: UInt64 = 0
        for _ in 0..<2_000_000 { sum &+= random.next() }
        withExtendedLifetime(sum) {}
        if sum == 42 { print("") }
    }

    static func time(_ body: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try body()
        return (ContinuousClock.now - start) / .seconds(1)
    }
}

/// The processors' time as `/proc/stat` counts it.
private struct Stolen {
    let all: Double
    let stolen: Double

    static var now: Stolen {
        let text = (try? readFile("/proc/stat")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let numbers = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { Double($0) }
        return Stolen(all: numbers.prefix(8).reduce(0, +), stolen: numbers.count > 7 ? numbers[7] : 0)
    }

    func part(since before: Stolen) -> Double { all > before.all ? (stolen - before.stolen) / (all - before.all) : 0 }
}
