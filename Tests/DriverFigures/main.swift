// How long a driver takes, beside the bare system calls for the same:
//     driver-figures <driver> <folder> [option=value…]
// The folder must be on a file system of the kind that the driver is for; all is deleted again.

import AUFSDriver
import BtrfsDriver
import DeviceMapperDriver
import EROFSDriver
import Glibc
import GraphDrivers
import Linux
import Overlay2Driver
import SystemPackage
import VFSDriver

struct Usage: Error {}

let drivers: [any GraphDriver.Type] = [Overlay2.self, Btrfs.self, AUFS.self, DeviceMapper.self, VFS.self, EROFS.self]

func measure() throws {
    let words = CommandLine.arguments
    guard words.count > 2, let type = drivers.first(where: { $0.name == words[1] }) else { throw Usage() }
    let scratch = try AtomicFolder(in: FilePath(words[2]), prefix: "figures-")
    let driver = try type.init(
        home: scratch.path.appending(words[1]),
        options: DriverOptions(parsing: Array(words.dropFirst(3)))
    )
    let layers = Layers(driver: driver)
    var outcome = Result<Void, any Error>.success(())
    do {
        try measureLife(layers, in: scratch.path)
        try measureChanges(layers)
        try measureImages(layers)
    } catch { outcome = .failure(error) }
    try layers.removeAll()
    try driver.release()
    try scratch.cancel()
    try outcome.get()
}

do { try measure() } catch {
    print("driver-figures: \(error)")
    exit(1)
}
