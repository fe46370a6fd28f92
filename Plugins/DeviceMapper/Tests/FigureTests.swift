import Archive
import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage
import Testing

@testable import DeviceMapperDriver

// The figures in docs/drivers/devicemapper.md. They take minutes and a quiet machine, so they are made only where
// VARVE_FIGURES is in the environment.

@Suite(
    .serialized,
    .enabled(if: hasThinPools, "this kernel has no thin pools"),
    .enabled(if: getenv("VARVE_FIGURES") != nil, "figures are made where VARVE_FIGURES is set")
)
struct FigureTests {
    /// The median of what a step took.
    private struct Steps {
        private(set) var times: [String: [Duration]] = [:]
        private var names: [String] = []

        mutating func take<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
            let start = ContinuousClock.now
            defer {
                if times[name] == nil { names.append(name) }
                times[name, default: []].append(ContinuousClock.now - start)
            }
            return try body()
        }

        func median(_ name: String) -> Double {
            let sorted = (times[name] ?? []).sorted()
            guard !sorted.isEmpty else { return 0 }
            return sorted[sorted.count / 2] / .milliseconds(1)
        }

        /// All steps, and their sum.
        func line(_ title: String) -> String {
            let parts = names.map { "\($0) \(Self.text(median($0)))" }
            return "\(title): \(parts.joined(separator: ", ")); together \(Self.text(names.map(median).reduce(0, +)))"
        }

        static func text(_ milliseconds: Double) -> String { "\((milliseconds * 10).rounded() / 10) ms" }
    }

    @Test(arguments: [FileSystem.ext4, .xfs])
    func aLayersLifeBesideTheBareCalls(_ kind: FileSystem) throws {
        let home = try Home(kind)
        let driver = try home.driver()
        var parent: LayerID?
        for depth in 1...9 {
            let id = try layer("layer-\(depth)")
            try driver.add(id, on: parent, "content \(depth)")
            parent = id
        }
        let origin = try #require(parent)
        var (ours, bare) = (Steps(), Steps())
        for round in 0..<25 {
            try ownLife(driver, layer("top-\(round)"), on: origin, &ours)
            try bareLife(driver, UInt32(5000 + round), on: origin, &bare)
        }
        print("figures, \(kind.rawValue), 10 deep, driver", ours.line(""))
        print("figures, \(kind.rawValue), 10 deep, bare  ", bare.line(""))
    }

    private func ownLife(_ driver: DeviceMapper, _ id: LayerID, on parent: LayerID, _ steps: inout Steps) throws {
        try steps.take("create") {
            try driver.create(id, parent: parent, options: LayerOptions(isWritable: true))
        }
        let view = try steps.take("open") { try driver.open(id) }
        try steps.take("mount, umount") { try GraphDrivers.withTree(view) { _ in } }
        try steps.take("close") { try driver.close(id) }
        try steps.take("remove") { try driver.remove(id) }
    }

    private func bareLife(_ driver: DeviceMapper, _ number: UInt32, on parent: LayerID, _ steps: inout Steps) throws {
        let (pool, name) = (driver.pool, "\(driver.pool.prefix)-bare")
        let origin = try driver.existing(parent)
        try steps.take("create_snap") { try pool.message("create_snap \(number) \(origin.deviceID)") }
        try steps.take("table") {
            let text = "\(Control.node(pool.name)) \(number)"
            try Control.create(name, .init(length: origin.size >> 9, type: "thin", text: text))
        }
        try steps.take("mount, umount") { _ = try driver.fileSystem.mount(Control.node(name)) }
        try steps.take("remove the device") { try pool.deactivate(name, deferred: false) }
        try steps.take("delete") { try pool.message("delete \(number)") }
    }

    @Test(arguments: [FileSystem.ext4, .xfs])
    func changesDependOnWhatWasTouched(_ kind: FileSystem) throws {
        var found: [Double] = []
        for count in [5_000, 50_000] {
            let home = try Home(kind, [("dm.basesize", "2G"), ("dm.loopdatasize", "3G")])
            let (a, b) = (try layer("a"), try layer("b"))
            let driver = try home.driver()
            try driver.create(a, parent: nil, options: LayerOptions(isWritable: true))
            try driver.withTree(of: a) { try Self.fill($0, count) }
            try driver.create(b, parent: a, options: LayerOptions(isWritable: true))
            try driver.withTree(of: b) { tree in
                try writeFile(Array("other".utf8), to: tree.appending("d7/f7"), mode: .ownerReadWrite)
            }
            var steps = Steps()
            for _ in 0..<9 {
                let changes = try steps.take("blocks") { try driver.changes(in: b, since: a) { throw $2 } }
                #expect(changes.map(\.path.string) == ["/d7", "/d7/f7"])
            }
            for _ in 0..<3 { _ = try steps.take("trees") { try driver.changesByComparison(in: b, since: a) } }
            print("figures, \(kind.rawValue), changes of one of \(count) files", steps.line(""))
            found.append(steps.median("blocks"))
        }
        #expect(found[1] <= 2 * found[0])
    }

    private static func fill(_ tree: FilePath, _ count: Int) throws {
        for folder in 0..<count / 100 {
            let path = tree.appending("d\(folder)")
            try makeFolders(path, mode: FilePermissions(rawValue: 0o755))
            for file in 0..<100 {
                try writeFile(Array("content".utf8), to: path.appending("f\(file)"), mode: .ownerReadWrite)
            }
        }
    }
}
