import BtrfsDriver
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

/// A fresh btrfs in a file that nobody else sees, mounted as long as this value lives.
final class Disk: Sendable {
    /// Where it is mounted.
    let path: FilePath
    var home: FilePath { path.appending("home") }

    init(options: [String] = []) throws {
        path = FilePath("/var/tmp/varve-btrfs-\(randomHex(bytes: 6))")
        try makeFolders(path, mode: FilePermissions(rawValue: 0o700))
        // In memory where there is room: each step below waits for the disk.
        let image = FilePath(isFolder("/dev/shm") ? "/dev/shm" : "/var/tmp").appending("\(path.stem ?? "").image")
        defer { unlink(image.string) }  // the loop device keeps it
        try writeFile([], to: image, mode: .ownerReadWrite)
        try sys("make \(image)") { truncate(image.string, 8 << 30) }
        try Command.run(["mkfs.btrfs", "-q", image.string])
        let device = try LoopDevice(file: image)
        try Mount(type: "btrfs", source: device.path.string, options: options).make(at: path)
    }

    deinit {
        try? unmount(path, detach: true)
        rmdir(path.string)
    }

    func driver(_ options: [(String, String)] = []) throws -> Btrfs {
        try Btrfs(home: home, options: DriverOptions(options.map { (key: $0.0, value: $0.1) }))
    }

    /// Whether this machine can have one.
    static var isPossible: Bool { geteuid() == 0 && Command.find("mkfs.btrfs") != nil && exists("/dev/loop-control") }
}

/// Mounts a disk before the first test of a suite, and takes it away after the last.
struct OnDisk: SuiteTrait, TestScoping {
    @TaskLocal static var disk: Disk?

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Self.$disk.withValue(Disk()) { try await body() }
    }
}

/// All tests of the driver, on one disk.
@Suite(.serialized, .enabled(if: Disk.isPossible, "needs root, loop devices and mkfs.btrfs"), OnDisk())
struct BtrfsTests {}

/// A home of its own on the suite's disk.
@discardableResult
func withDriver<Result>(_ body: (Btrfs) throws -> Result) throws -> Result {
    let disk = try #require(OnDisk.disk)
    let home = disk.path.appending("home-\(randomHex(bytes: 4))")
    defer { try? removeTree(home) }
    return try body(Btrfs(home: home, options: DriverOptions()))
}

func layer(_ name: String) throws -> LayerID { try #require(LayerID(name)) }
let writable = LayerOptions(isWritable: true)

extension Btrfs {
    /// Makes a layer and fills it.
    @discardableResult
    func make(_ name: String, on parent: LayerID? = nil, _ fill: (FilePath) throws -> Void = { _ in }) throws -> LayerID
    {
        let id = try layer(name)
        try create(id, parent: parent, options: writable)
        try withTree(of: id, fill)
        return id
    }
}
