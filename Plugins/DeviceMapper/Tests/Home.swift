import DriverChecks
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import DeviceMapperDriver

/// A home of its own, small enough for a tmpfs; its pool, devices and files are gone in the end.
final class Home {
    let folder: FilePath
    let options: [(String, String)]
    var path: FilePath { folder.appending("home") }

    init(_ fileSystem: FileSystem = .ext4, _ options: [(String, String)] = []) throws {
        folder = TestHost.folder.appending("varve-devicemapper-\(randomHex(bytes: 6))")
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        let small = [("dm.basesize", "320M"), ("dm.loopdatasize", "2G"), ("dm.loopmetadatasize", "32M")]
        let given = Set(options.map(\.0))
        self.options = [("dm.fs", fileSystem.rawValue)] + small.filter { !given.contains($0.0) } + options
    }

    deinit {
        // A test that failed has failed already.
        try? unstarted().release()
        try? removeTree(folder)
    }

    /// The driver as a start of the daemon opens it.
    func driver(_ more: [(String, String)] = []) throws -> DeviceMapper {
        try DeviceMapper(
            home: path,
            options: DriverOptions(options.filter { old in !more.contains { $0.0 == old.0 } } + more)
        )
    }

    /// The driver as another process sees the home that does nothing with it.
    func unstarted() throws -> DeviceMapper {
        try DeviceMapper(unstarted: path, settings: Settings(DriverOptions(options)))
    }

    func record(_ name: String) -> FilePath { path.appending("metadata").appending(name) }

    /// Whether nothing of the home is left in the device mapper.
    func isReleased(_ driver: DeviceMapper) throws -> Bool {
        try Control.names().filter { $0.hasPrefix(driver.pool.prefix) }.isEmpty
    }

    /// Waits for what ends a moment after its last user.
    static func soon(_ claim: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<100 {
            if try claim() { return true }
            usleep(50_000)
        }
        return false
    }
}

/// Whether this kernel has thin pools.
let hasThinPools = (try? DeviceMapper.requireHost(Settings())) != nil

func layer(_ name: String) throws -> LayerID { try #require(LayerID(name)) }

extension DeviceMapper {
    /// Makes a layer with a file.
    func add(_ id: LayerID, on parent: LayerID? = nil, _ text: String = "content", size: String? = nil) throws {
        let storage = size.map { ["size": $0] } ?? [:]
        try create(id, parent: parent, options: LayerOptions(isWritable: true, storage: storage))
        try withTree(of: id) { try writeFile(Array(text.utf8), to: $0.appending("file"), mode: .ownerReadWrite) }
    }

    func text(of id: LayerID) throws -> String {
        try withTree(of: id) { String(decoding: try readFile($0.appending("file")), as: UTF8.self) }
    }

    /// The bytes of the layer's file system.
    func bytes(of id: LayerID) throws -> UInt64 {
        try withTree(of: id) { tree in
            var status = statvfs()
            try sys("look at \(tree)") { statvfs(tree.string, &status) }
            return UInt64(status.f_blocks) * UInt64(status.f_frsize)
        }
    }
}
