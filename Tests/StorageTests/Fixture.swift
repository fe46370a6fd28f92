import Archive
import Glibc
import GraphDrivers
import Linux
import Logging
import Overlay2Driver
import Storage
import SystemPackage
import VFSDriver

/// The drivers that every test of the store runs on.
enum TestDriver: String, CaseIterable, Sendable {
    case overlay2, vfs

    func open(_ root: FilePath) throws -> any GraphDriver {
        let home = root.appending(rawValue)
        switch self {
        case .overlay2: return try Overlay2(home: home, options: DriverOptions())
        case .vfs: return try VFS(home: home, options: DriverOptions())
        }
    }

    /// The driver's layers that are on disk, by looking.
    func layers(in root: FilePath) throws -> Set<String> {
        let home = root.appending(rawValue)
        return try Set(listFolder(self == .vfs ? home.appending("dir") : home)).subtracting(["l", "backingFsBlockDev"])
    }
}

/// A data root of its own, gone when the test ends.
final class TestRoot {
    let path: FilePath

    init() throws {
        // Not in /tmp, which may be a tmpfs: overlay2 needs a file system that keeps attributes.
        path = FilePath("/var/tmp/varve-test-\(randomHex(bytes: 6))")
        try makeFolders(path, mode: FilePermissions(rawValue: 0o700))
    }

    deinit { try? removeTree(path) }

    /// Opens the store as soon as no copy of this process has the lock: tests that kill copies at each step run beside
    /// this, and a copy has all descriptors until it ends.
    func store(_ driver: TestDriver) throws -> Store {
        for _ in 0..<400 {
            do { return try openedAtOnce(driver) } catch StorageError.locked { usleep(50_000) }
        }
        return try openedAtOnce(driver)
    }

    /// Opens the store, or throws that somebody has it.
    func openedAtOnce(_ driver: TestDriver) throws -> Store {
        try Store(
            root: path,
            driver: driver.open(path),
            limits: ArchiveLimits(),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func layerdb(_ driver: TestDriver) -> FilePath { path.appending("image/\(driver.rawValue)/layerdb") }

    /// Every layer that is on disk is named by the layer database, and the other way round; the journal is empty.
    func problems(_ driver: TestDriver) throws -> [String] {
        var named: Set<String> = []
        let layerdb = layerdb(driver)
        for folder in try listFolder(layerdb.appending("sha256")) {
            named.insert(try text(layerdb.appending("sha256/\(folder)/cache-id")))
            if folder.hasSuffix("-removing") { return ["left: \(folder)"] }
        }
        for folder in try listFolder(layerdb.appending("mounts")) {
            for id in ["mount-id", "init-id"] { named.insert(try text(layerdb.appending("mounts/\(folder)/\(id)"))) }
        }
        let there = try driver.layers(in: path)
        return try named.subtracting(there).map { "no layer \($0)" } + there.subtracting(named).map { "orphan \($0)" }
            + listFolder(layerdb.appending("tmp")).map { "journal \($0)" }
            + listFolder(path.appending("tmp")).map { "temporary \($0)" }
    }
}

func text(_ path: FilePath) throws -> String { String(decoding: try readFile(path), as: UTF8.self) }
