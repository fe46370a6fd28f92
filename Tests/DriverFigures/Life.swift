import GraphDrivers
import Linux
import SystemPackage

/// Create, open, mount, close and remove a container's layer on an image of ten layers, by the driver and without it.
func measureLife(_ layers: Layers, in scratch: FilePath) throws {
    var top: LayerID?
    for _ in 0..<10 { top = try layers.make(on: top) { try fill($0, files: 20) } }
    guard let top else { return }
    let bare = try BareCalls(of: layers.driver, on: top, in: scratch)
    let bodies = bare?.bodies ?? []
    var driven = Steps()
    var own = [[Double]](repeating: [], count: bodies.count)
    for round in 0..<60 {
        let id = try layers.newID()
        var steps = Steps()
        // In turns, so that both see the same disk.
        try flush(scratch)
        try live(id, on: top, layers.driver, &steps)
        let least = try bodies.map { body in
            try flush(scratch)
            return try time { try body.call(round) }
        }
        if round < 10 { continue }  // warm-up
        driven.add(steps)
        for (index, time) in least.enumerated() { own[index].append(time) }
    }
    driven.report("a container's layer on ten layers")
    for (body, times) in zip(bodies, own) {
        printTimes(body.title, times)
        let ratios = zip(driven.sums, times).map { $0 / $1 }.sorted()
        print("  the driver takes \((ratios[ratios.count / 2] * 100).rounded() / 100) times that, in the median round")
    }
    bare?.delete()
}

private func live(_ id: LayerID, on top: LayerID, _ driver: any GraphDriver, _ steps: inout Steps) throws {
    try steps.take("create") { try driver.create(id, parent: top, options: LayerOptions(isWritable: true)) }
    let view = try steps.take("open") { try driver.open(id) }
    try steps.take("mount and unmount") { try withTree(view) { _ in } }
    try steps.take("close") { try driver.close(id) }
    try steps.take("remove") { try driver.remove(id) }
}

/// How long each step took, and all together.
private struct Steps {
    private var names: [String] = []
    private var times: [[Double]] = []

    mutating func take<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
        var result: Result?
        let taken = try time { result = try body() }
        names.append(name)
        times.append([taken])
        guard let result else { fatalError("a step gives what its body gives") }
        return result
    }

    mutating func add(_ other: Steps) {
        if names.isEmpty { return self = other }
        for (index, more) in other.times.enumerated() { times[index] += more }
    }

    /// A round's steps together.
    var sums: [Double] { (times.first?.indices ?? 0..<0).map { round in times.reduce(0) { $0 + $1[round] } } }

    func report(_ title: String) {
        printTimes("\(title), its whole life", sums)
        for (name, times) in zip(names, times) { printTimes("  \(name)", times) }
    }
}

/// Overlayfs flushes the file system below it when it is unmounted: what others wrote there must not count.
private func flush(_ folder: FilePath) throws { try syncFileSystem(of: folder) }
