// Does one thing to a data root, so that the crash tests can kill it in the middle, and other engines' programs be asked
// what they think of it:
//     storage-exerciser <data root> <driver> load <archive> | save <archive> <name>… | run | rmi <name>

import Archive
import Glibc
import GraphDrivers
import Logging
import OCI
import Overlay2Driver
import Storage
import SystemPackage
import VFSDriver

struct Usage: Error {}

func open(_ root: FilePath, _ driver: String) throws -> Store {
    let options = DriverOptions()
    let home = root.appending(driver)
    func opened() throws -> any GraphDriver {
        driver == "vfs" ? try VFS(home: home, options: options) : try Overlay2(home: home, options: options)
    }
    let log = Logger(label: "exerciser") { _ in SwiftLogNoOpLogHandler() }
    return try Store(root: root, driver: opened(), limits: ArchiveLimits(), log: log)
}

func work(_ words: [String]) throws {
    guard words.count > 3 else { throw Usage() }
    let store = try open(FilePath(words[1]), words[2])
    defer { store.close() }
    switch (words[3], words.dropFirst(4).first) {
    case ("load", let archive?):
        let loaded = try store.load(FileSource(opening: FilePath(archive))) { _ in }
        for image in loaded { print(image.id) }
    case ("save", let archive?):
        try store.save(Array(words.dropFirst(5)), to: FileSink(creating: FilePath(archive)))
    case ("run", nil):
        guard let image = store.images().first else { throw Usage() }
        for number in 0..<3 {
            try store.createMount("c\(number)", image: image.id, options: [:])
            try store.withRoot(of: "c\(number)") { _ in }
            try store.removeMount("c\(number)")
        }
    case ("rmi", let name?):
        _ = try store.removeImage(name, force: true, prune: true) { _ in .unused }
    default: throw Usage()
    }
}

do { try work(CommandLine.arguments) } catch {
    print("storage-exerciser: \(error)")
    exit(1)
}
