import Archive
import GraphDrivers
import Linux
import SystemPackage

/// Finds one changed file among 5,000 and among 50,000.
func measureChanges(_ layers: Layers) throws {
    for files in [5_000, 50_000] {
        let image = try layers.make(on: nil) { try fill($0, files: files) }
        let layer = try layers.make(on: image) { tree in
            try writeFile([1, 2, 3], to: tree.appending("d7/f7"), mode: .ownerReadWrite)
        }
        var times: [Double] = []
        for _ in 0..<11 {
            times.append(
                try time {
                    let found = try layers.driver.changes(in: layer, since: image)
                    guard found.map({ "\($0.path)" }) == ["/d7", "/d7/f7"] else { throw Unexpected(found: "\(found)") }
                }
            )
        }
        printTimes("one changed file of \(files) found", times)
    }
}

struct Unexpected: Error {
    let found: String
}
