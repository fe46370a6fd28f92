import Glibc
import Linux
import Synchronization
import SystemPackage
import Testing

@testable import Archive

/// Trees as deep as paths allow, and deeper, as a thread of the daemon meets them.
@Suite(.serialized) struct DeepTreeTests {
    /// Folders `name` within each other, and in the last one a file.
    private func make(_ levels: Int, _ name: String, _ file: String, in scratch: Scratch) throws {
        let path = scratch.folder("t")
        var folder = OwnedDescriptor(try sys("open") { open(path.string, O_RDONLY | O_CLOEXEC) })
        for _ in 0..<levels {
            try sys("make a folder") { mkdirat(folder.rawValue, name, 0o755) }
            folder = OwnedDescriptor(try sys("open a folder") { openat(folder.rawValue, name, O_RDONLY | O_CLOEXEC) })
        }
        close(try sys("make a file") { openat(folder.rawValue, file, O_CREAT | O_WRONLY | O_CLOEXEC, 0o644) })
    }

    /// What came of `body`, on a thread as `commit` has one.
    private func onThread(_ body: @escaping @Sendable () throws -> Int) throws -> Result<Int, any Error> {
        let found = Found()
        let thread = try OSThread { found.set(Result { try body() }) }
        thread.join()
        return try #require(found.result.withLock { $0 })
    }

    private final class Found: Sendable {
        let result = Mutex<Result<Int, any Error>?>(nil)
        func set(_ new: sending Result<Int, any Error>) { result.withLock { $0 = new } }
    }

    /// What walks through trees, by name.
    private static let walks: [(name: String, run: @Sendable (FilePath) throws -> Int)] = [
        ("compare trees", { try compareTrees($0.appending("t"), $0.appending("empty")).count }),
        ("compare upper", { try compareUpper($0.appending("t"), $0.appending("empty"))?.count ?? 0 }),
        ("compare branch", { try compareBranch($0.appending("t"), [$0.appending("empty")]).count }),
        ("compare touched", { try compareTouched($0) }),
        (
            "write tree",
            { tree in
                try writeTree(tree.appending("t"), to: BufferSink())
                return 2048
            }
        ),
        (
            "write layer",
            { tree in
                try writeLayer(
                    changes: compareTrees(tree.appending("t"), nil),
                    of: tree.appending("t"),
                    to: BufferSink()
                )
                return 2048
            }
        ),
        (
            "copy",
            { tree in
                try copyTree(tree.appending("t"), to: tree.appending("copy"))
                defer { try? removeTree(tree.appending("copy")) }
                return try compareTrees(tree.appending("copy"), nil).count
            }
        ),
    ]

    private static func compareTouched(_ tree: FilePath) throws -> Int {
        var linked: Set<UInt64> = []
        let touched = Touched()
        touched.isSame = true
        for name in ["d", long] { touched.below[FileName(name)] = Touched() }
        return try compareTrees(tree.appending("t"), tree.appending("empty"), onlyAt: touched, linked: &linked)?.count
            ?? 0
    }

    /// Sixteen of them, the slashes and one that is a byte shorter make 4095 bytes.
    private static let long = String(repeating: "n", count: 240)

    private struct Shape: Sendable {
        let levels: Int
        var name = "d"
        var file = "f"
        /// Whether all is read, or only by those that have nothing to do with the file, or by nobody.
        let isRead: Bool?
    }

    @Test(
        "a tree as deep as any may be is read, a deeper one is refused",
        arguments: [
            Shape(levels: 511, isRead: true), Shape(levels: 512, isRead: nil), Shape(levels: 5000, isRead: false),
            Shape(levels: 16, name: long, file: String(long.dropLast()), isRead: true),
            Shape(levels: 16, name: long, file: long, isRead: nil), Shape(levels: 20, name: long, isRead: nil),
        ]
    )
    private func depth(_ shape: Shape) throws {
        try OpenFiles.raiseLimit()
        let scratch = try Scratch()
        try make(shape.levels, shape.name, shape.file, in: scratch)
        _ = scratch.folder("empty")
        let path = scratch.path
        let start = String(String(repeating: shape.name + "/", count: 40).prefix(64))
        for walk in Self.walks {
            let found = try onThread { try walk.run(path) }
            if shape.isRead ?? (walk.name.hasPrefix("compare ") && walk.name != "compare touched") {
                #expect(try found.get() == (walk.name.hasPrefix("write") ? 2048 : shape.levels + 1), "\(walk.name)")
            } else if walk.name != "compare touched" || shape.isRead == false {
                #expect(throws: ArchiveError.treeTooDeep(path: start), "\(walk.name)") { try found.get() }
            }
        }
        #expect(try onThread { Int(try diskUsage(of: path.appending("t"))) }.get() == 0)
        for name in ["copy", "t"] { try removeTree(path.appending(name)) }
    }

    @Test("running out of descriptors is an error: no tree lacks what could not be opened")
    func fewDescriptors() throws {
        let scratch = try Scratch()
        try make(200, "d", "f", in: scratch)
        _ = scratch.folder("empty")
        for walk in Self.walks {
            // A limit is a process's.
            let isKilled = try runKilled(beforeCall: .max) {
                try? OpenFiles.setLimit("120:120")
                do { _ = try walk.run(scratch.path) } catch {
                    if (error as? SystemError)?.errno == .tooManyOpenFiles { return }
                }
                abort()
            }
            #expect(!isKilled, "\(walk.name)")
            try removeTree(scratch.path.appending("copy"))
        }
    }
}
