import GraphDrivers
import Linux
import SystemPackage

/// The layers of one measurement, with names in the order they were made.
final class Layers {
    let driver: any GraphDriver
    private var made: [LayerID] = []
    private var count = 0

    init(driver: any GraphDriver) { self.driver = driver }

    /// A name that no layer had.
    func newID() throws -> LayerID {
        count += 1
        let number = String(count, radix: 16)
        guard let id = LayerID(String(repeating: "0", count: 64 - number.utf8.count) + number) else { throw Usage() }
        return id
    }

    /// Makes a layer that stays until the end; `fill` writes to its tree.
    func make(on parent: LayerID?, _ fill: (FilePath) throws -> Void) throws -> LayerID {
        let id = try newID()
        try driver.create(id, parent: parent, options: LayerOptions(isWritable: true))
        made.append(id)
        try driver.withTree(of: id, fill)
        return id
    }

    /// Makes a layer of an image that stays until the end.
    func make(applying tar: [UInt8], on parent: LayerID?) throws -> LayerID {
        let id = try newID()
        try driver.create(id, parent: parent, options: LayerOptions())
        made.append(id)
        try unpack(tar, as: id, on: parent, driver)
        return id
    }

    /// The last one first: a layer is removed before its parent.
    func removeAll() throws {
        for id in made.reversed() { try driver.remove(id) }
        made = []
    }
}

/// `files` files of 100 bytes, 100 a folder.
func fill(_ tree: FilePath, files: Int) throws {
    let content = [UInt8](repeating: UInt8(ascii: "x"), count: 100)
    for folder in 0..<(files + 99) / 100 {
        let place = tree.appending("d\(folder)")
        try makeFolders(place, mode: FilePermissions(rawValue: 0o755))
        for file in 0..<min(100, files) {
            try writeFile(content, to: place.appending("f\(file)"), mode: .ownerReadWrite)
        }
    }
}

/// Milliseconds that `body` takes.
func time(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(body) / .milliseconds(1)
}

/// Prints the median of some times, and the least.
func printTimes(_ what: String, _ times: [Double]) {
    let sorted = times.sorted()
    func text(_ time: Double) -> String { "\((time * 100).rounded() / 100) ms" }
    print("\(what): median \(text(sorted[sorted.count / 2])), least \(text(sorted[0])), of \(times.count)")
}
