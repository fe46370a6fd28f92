import Linux
import SystemPackage
import Testing

@testable import Engine

/// Watches of folders, many of which share one.
struct FolderWatchTests {
    @Test(.timeLimit(.minutes(20)))
    func tellsEveryWatcherAndThenForgetsThem() async throws {
        let folder = FilePath("/tmp/varve-watch-\(randomHex(bytes: 8))")
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        defer { try? removeTree(folder) }
        let watches = FolderWatches()
        var all: [FolderWatch]? = try (0..<200).map { _ in try FolderWatch(folder, in: watches) }
        #expect(watches.count == 1)
        try writeFile([1], to: folder.appending("file"), mode: .ownerReadWrite)
        for watch in all ?? [] {
            for await _ in watch.changes { break }
        }
        all = nil
        #expect(watches.count == 0)
    }

    @Test(.timeLimit(.minutes(20)))
    func tellsOfAFolderThatGoes() async throws {
        let folder = FilePath("/tmp/varve-watch-\(randomHex(bytes: 8))")
        try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
        let watches = FolderWatches()
        let watch = try FolderWatch(folder, in: watches)
        try removeTree(folder)
        for await _ in watch.changes { break }
        #expect(watches.count == 0)
    }

    @Test func refusesAFolderThatIsNotThere() {
        #expect(throws: (any Error).self) { try FolderWatch("/tmp/there/is/no/such", in: FolderWatches()) }
    }
}
