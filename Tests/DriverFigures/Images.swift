import Archive
import GraphDrivers
import Linux
import SystemPackage

/// What the layers of an image cost: to unpack, to look into, to remove; and a container on 1, 32 and 127 of them.
func measureImages(_ layers: Layers) throws {
    let driver = layers.driver
    let tar = BufferSink()
    try driver.diff(of: layers.make(on: nil) { try fill($0, files: 5000) }, since: nil, to: tar)
    var times: [[Double]] = [[], [], []]
    for _ in 0..<9 {
        let id = try layers.newID()
        try driver.create(id, parent: nil, options: LayerOptions())
        times[0].append(try time { try unpack(tar.bytes, as: id, on: nil, driver) })
        times[1].append(try time { _ = try driver.size(of: id, since: nil) })
        times[2].append(try time { try driver.remove(id) })
    }
    let words = ["unpack 5000 small files", "their size, which looks at all", "remove them"]
    for (what, times) in zip(words, times) { printTimes(what, times) }
    try measureStack(layers)
}

private func measureStack(_ layers: Layers) throws {
    let driver = layers.driver
    let tar = BufferSink()
    try driver.diff(of: layers.make(on: nil) { try fill($0, files: 5) }, since: nil, to: tar)
    var top: LayerID?
    for depth in 1...127 {
        top = try layers.make(applying: tar.bytes, on: top)
        guard [1, 32, 127].contains(depth) else { continue }
        let (first, times) = try container(on: top, layers)
        print("a container on \(depth) layers: the first \((first * 100).rounded() / 100) ms")
        printTimes("a container on \(depth) layers: make, mount, unmount, remove", times)
    }
}

private func container(on parent: LayerID?, _ layers: Layers) throws -> (Double, [Double]) {
    var times = try (0..<25).map { _ in
        let id = try layers.newID()
        return try time {
            try layers.driver.create(id, parent: parent, options: LayerOptions(isWritable: true))
            try layers.driver.withTree(of: id) { _ = try listFolder($0) }
            try layers.driver.remove(id)
        }
    }
    return (times.removeFirst(), times)
}

func unpack(_ tar: [UInt8], as id: LayerID, on parent: LayerID?, _ driver: any GraphDriver) throws {
    _ = try driver.apply(BufferSource(tar), to: id, parent: parent, limits: ArchiveLimits())
}
