import DockerAPI
import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage
import Testing

@testable import Engine

/// What a daemon makes of the containers that it finds.
@Suite struct RestoreTests {
    private static let id = String(repeating: "ab", count: 32)

    /// A container's folder in a data root that was copied to another place.
    private func withMoved<T>(_ body: (ContainerFolder) throws -> T) throws -> T {
        let root = FilePath("/tmp/varve-restore-\(randomHex(bytes: 6))")
        defer { try? removeTree(root) }
        try makeFolders(root, mode: FilePermissions(rawValue: 0o700))
        let record = ContainerRecord(
            id: Self.id,
            name: "moved",
            created: "2024-01-01T00:00:00Z",
            folder: root.appending("old"),
            config: .init(),
            image: "sha256:\(Self.id)",
            driver: "vfs"
        )
        try ContainerFolder.make(root.appending("old"), record: record, host: .init())
        #expect(rename(root.appending("old").string, root.appending("new").string) == 0)
        return try body(ContainerFolder(path: root.appending("new")))
    }

    @Test("a container's files are where its folder is, wherever the data root was moved from")
    func moved() throws {
        try withMoved { folder in
            let record = try folder.load().0
            let paths = [record.logPath, record.hostnamePath, record.hostsPath, record.resolvConfPath]
            let names = ["\(Self.id)-json.log", "hostname", "hosts", "resolv.conf"]
            #expect(paths == names.map { folder.path.appending($0).string })
        }
    }

    @Test("the files that dockerd makes at the first start are made, those that are there stay")
    func missingFiles() throws {
        try withMoved { folder in
            let (record, host) = try folder.load()
            try writeFile(Array("mine".utf8), to: FilePath(record.hostnamePath), mode: [.ownerReadWrite])
            unlink(record.hostsPath)
            try folder.writeMountedFiles(record, host)
            #expect(try readFile(FilePath(record.hostnamePath), limit: 10) == Array("mine".utf8))
            #expect(exists(FilePath(record.hostsPath)))
        }
    }

    @Test("only what says that something is not there makes a daemon give up a container lost with the power")
    func losses() throws {
        try withMoved { folder in
            let record = folder.path.appending("config.v2.json")
            try writeFile([], to: record, mode: [.ownerReadWrite])
            #expect(try Engine.isLoss(#require(throws: (any Error).self) { try folder.load() }))
            unlink(record.string)
            #expect(try Engine.isLoss(#require(throws: (any Error).self) { try folder.load() }))
            #expect(Engine.isLoss(EngineError.layerMissing))
            for errno in [Errno.ioError, .tooManyOpenFiles, .permissionDenied] {
                #expect(!Engine.isLoss(SystemError("read", errno)))
            }
            #expect(!Engine.isLoss(EngineError.nameTaken("a", by: "b")))
        }
    }

    @Test("of two changes that are written at once the later one stays")
    func order() async throws {
        let folder = try ContainerFolder(path: withMoved { $0.path })
        try makeFolders(folder.path, mode: FilePermissions(rawValue: 0o700))
        defer { try? removeTree(folder.path.removingLastComponent()) }
        var record = ContainerRecord(
            id: Self.id,
            name: "late",
            created: "2024-01-01T00:00:00Z",
            folder: folder.path,
            config: .init(),
            image: "",
            driver: "vfs"
        )
        let file = RecordFile(folder, made: nil, BlockingPool())
        try await file.save(record, change: 2)
        record.name = "/early"
        try await file.save(record, change: 1)
        #expect(try folder.load().0.name == "/late")
    }
}
