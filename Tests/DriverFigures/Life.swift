import GraphDrivers
import Linux
import SystemPackage

/// Create, open, mount, close and remove a container's layer on an image of ten layers, by the driver and without it.
func measureLife(_ layers: Layers, in scratch: FilePath) throws {
    var top: LayerID?
    for _ in 0..<10 { top = try layers.make(on: top) { try fill($0, files: 20) } }
    guard let top else { return }
    let bare = try BareCalls(of: layers.driver, on: top, in: scratch)
    var (driven, own): ([Double], [Double]) = ([], [])
    for round in 0..<60 {
        let id = try layers.newID()
        // In turns, so that both see the same disk.
        try flush(scratch)
        let taken = try time {
            try layers.driver.create(id, parent: top, options: LayerOptions(isWritable: true))
            try layers.driver.withTree(of: id) { _ in }
            try layers.driver.remove(id)
        }
        try flush(scratch)
        let least = try bare.map { bare in try time { try bare.call("bare\(round)") } }
        if round < 10 { continue }  // warm-up
        driven.append(taken)
        if let least { own.append(least) }
    }
    report("a container's layer on ten layers, its whole life", driven)
    if !own.isEmpty { report("the same by bare system calls", own) }
    bare?.delete()
}

/// Overlayfs flushes the file system below it when it is unmounted: what others wrote there must not count.
private func flush(_ folder: FilePath) throws { try syncFileSystem(of: folder) }
