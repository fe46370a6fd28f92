import Archive
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import AUFSDriver

/// What a killed daemon had open is aufs's again at the next start, whatever that one joins branches with.
@Suite(.serialized) struct CrashTests {
    private static let rest = ["d/", "d/.wh.f", "d/g", "e/", "e/.wh..wh..opq", "e/new", "own"]

    private func layers(_ driver: AUFS) throws -> (lower: LayerID, upper: LayerID) {
        let (lower, upper) = try driver.makeTwo()
        try driver.withTree(of: upper) { try $0.put("d/f", "again") }
        return (lower, upper)
    }

    @Test("a branch that was being written to is translated", arguments: unions, unions)
    func killedWhileOpen(_ union: String, _ next: String) throws {
        let home = try Home()
        let (_, upper) = try layers(home.driver(union))
        // In a process that ends without a word.
        _ = try runKilled(beforeCall: Int.max) {
            try? withTree(home.driver(union).open(upper)) { try removeTree($0.appending("d/f")) }
        }
        #expect(try home.names(".work") != [])
        let driver = try home.driver(next)
        try driver.close(upper)
        #expect(try home.names("diff/upper") == Self.rest)
        #expect(try home.names(".work").isEmpty)
        #expect(try MountInfo.all().filter { $0.target.starts(with: home.path) }.isEmpty)
        #expect(try driver.withTree(of: upper) { try paths(below: $0) } == AUFS.changed)
    }

    @Test("a layer that a container still has stays with who joined it", arguments: unions, unions)
    func takenOver(_ union: String, _ next: String) throws {
        let home = try Home()
        let before = try home.driver(union)
        let (_, upper) = try layers(before)
        let view = try before.open(upper)
        try withTree(view) { tree in
            let after = try home.driver(next)
            #expect(try after.open(upper) == view)
            try removeTree(tree.appending("d/f"))
            #expect(try paths(below: tree) == AUFS.changed)
            let changes = try after.changes(in: upper, since: layer("lower"))
            #expect(changes.contains(Change("/d/f", .deleted)))
        }
        let last = try home.driver(next)
        try last.close(upper)
        #expect(try home.names("diff/upper") == Self.rest)
    }

    @Test("a kill at any step of opening, writing and closing loses nothing", arguments: unions)
    func killed(_ union: String) throws {
        let home = try Home()
        let (lower, upper) = try layers(home.driver(union))
        let before = try home.driver(union).withTree(of: upper) { try paths(below: $0) }
        let killed = try home.driver(union)
        // A few hundred steps, each with a start of its own: every third, and of those with a server every ninth.
        for call in sequence(first: 1, next: { $0 + (union == "overlayfs" ? 3 : 9) }) {
            let isKilled = try runKilled(beforeCall: call) {
                try? killed.withTree(of: upper) { tree in
                    try home.folder.put("begun", "")
                    try removeTree(tree.appending("d/f"))
                    try tree.put("d/f", "again")
                    try home.folder.put("done", "")
                }
            }
            let driver = try home.driver(union)
            for id in [lower, upper] { try driver.close(id) }
            // Only between the two steps the file may be gone, or empty.
            let isBetween = exists(home.folder.appending("begun")) && !exists(home.folder.appending("done"))
            for name in ["begun", "done"] { try removeTree(home.folder.appending(name)) }
            try driver.withTree(of: upper) { tree in
                if isBetween { try tree.put("d/f", "again") }
                #expect(try paths(below: tree) == before, "after a kill before call \(call)")
                #expect(try tree.text("d/f") == "again", "after a kill before call \(call)")
            }
            #expect(try home.names("diff/upper").filter { $0.hasSuffix("!") }.isEmpty, "after call \(call)")
            #expect(try home.names(".work").isEmpty && home.names(".names").isEmpty, "after call \(call)")
            if !isKilled { return #expect(call > 40) }
        }
    }

    @Test("a server that dies is replaced, and what it had written is kept")
    func deadServer() throws {
        let home = try Home()
        let driver = try home.driver("fuse-overlayfs")
        let (_, upper) = try layers(driver)
        guard case .folder(let tree) = try driver.open(upper) else { throw Errno.notSupported }
        try removeTree(tree.appending("d/f"))
        try syncFileSystem(of: tree)
        FuseServer.kill(holding: driver.work(upper), program: driver.program)
        // It has the lock until it is gone.
        #expect(try FolderLock(driver.work(upper)).take(milliseconds: 10_000))
        #expect(throws: (any Error).self) { try listFolder(tree) }
        #expect(try driver.open(upper) == .folder(tree))
        #expect(try paths(below: tree) == AUFS.changed)
        for _ in 0..<2 { try driver.close(upper) }
        #expect(try home.names("diff/upper") == Self.rest)
    }
}
