import CLinux
import Glibc
import Linux
import SystemPackage
import Testing

/// Folders with all that a container may do to them.
@Suite struct FolderTests {
    private func withFolder(_ body: (FilePath) throws -> Void) throws {
        let folder = try AtomicFolder(in: "/var/tmp", prefix: "varve-folders-")
        defer { try? folder.cancel() }
        try body(folder.path)
    }

    private func open(_ path: FilePath) throws -> OwnedDescriptor {
        OwnedDescriptor(try sys("open \(path)") { Glibc.open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
    }

    /// Makes folders within each other and opens the last.
    private func deepen(_ path: FilePath, by count: Int) throws -> OwnedDescriptor {
        var folder = try open(path)
        for _ in 0..<count {
            try sys("make a folder") { mkdirat(folder.rawValue, "d", 0o755) }
            let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
            folder = OwnedDescriptor(try sys("open a folder") { openat(folder.rawValue, "d", flags) })
        }
        return folder
    }

    @Test("a walk goes through all folders, each before those in it, in the order that was asked for")
    func walk() throws {
        try withFolder { root in
            for name in ["a/b", "a/c", "e", "gone"] {
                try makeFolders(root.appending(name), mode: FilePermissions(rawValue: 0o755))
            }
            try writeFile([], to: root.appending("file"), mode: .ownerReadWrite)
            let top = try open(root)
            var visited: [String] = []
            try walkFolders(top.rawValue) { folder, path in
                visited.append("\(path)")
                let names = try entries(of: folder, "\(path)")
                if path.bytes.isEmpty { try removeTree(root.appending("gone")) }
                return names
            }
            #expect(visited == ["/", "/a", "/a/b", "/a/c", "/e"])
        }
    }

    @Test("a walk goes through a tree of any depth with few descriptors")
    func deepWalk() throws {
        try withFolder { root in
            _ = try deepen(root, by: 2500)
            let top = try open(root)
            // A limit is a process's.
            let isKilled = try runKilled(beforeCall: .max) {
                let most = ((try? listFolder("/proc/self/fd")) ?? []).compactMap { Int($0) }.max() ?? 0
                try? OpenFiles.setLimit("\(most + 150):\(most + 150)")
                var count = 0
                do {
                    try walkFolders(top.rawValue) { folder, path in
                        count += 1
                        return try entries(of: folder, "\(path)")
                    }
                } catch { abort() }
                if count != 2501 { abort() }
            }
            #expect(!isKilled)
        }
    }

    @Test("a folder that is moved while a walk is deep below it is an error, no other folder")
    func movedMeanwhile() throws {
        try withFolder { root in
            let last = try deepen(root, by: 150)
            try makeFolders(root.appending("other"), mode: FilePermissions(rawValue: 0o755))
            let other = try open(root.appending("other"))
            let top = try open(root)
            let error = #expect(throws: SystemError.self) {
                try walkFolders(top.rawValue) { folder, path in
                    if path.bytes.count == 2 * 150 - 1 {
                        let parent = try sys("open") { openat(last.rawValue, "../..", O_RDONLY | O_CLOEXEC) }
                        defer { close(parent) }
                        try sys("move") { renameat(parent, "d", other.rawValue, "moved") }
                    }
                    return try entries(of: folder, "\(path)").filter { $0.bytes.elementsEqual("d".utf8) }
                }
            }
            #expect(error?.errno == .staleNFSFileHandle)
        }
    }

    @Test("a listing that breaks off is an error")
    func brokenListing() throws {
        try withFolder { root in
            let stream = try #require(opendir(root.string))
            defer { closedir(stream) }
            // What the kernel can't list from now on.
            let file = OwnedDescriptor(try sys("open") { Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) })
            try sys("replace") { dup2(file.rawValue, dirfd(stream)) }
            let error = #expect(throws: SystemError.self) { try nextEntry(of: stream, "a folder") }
            #expect(error?.errno == .notDirectory)
        }
    }

    @Test("a tree goes whatever its names are")
    func anyName() throws {
        try withFolder { root in
            let name = (root.string + "/").utf8CString.dropLast() + [CChar(bitPattern: 0xff), 0]
            let path = name.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.map { FilePath(platformString: $0) }
            }
            let folder = try #require(path)
            try sys("make") { folder.withPlatformString { mkdir($0, 0o755) } }
            let inside = folder.appending("f")
            try sys("make") { inside.withPlatformString { mkdir($0, 0o755) } }
            try removeTree(folder)
            #expect(try listFolder(root).isEmpty)
        }
    }

    @Test("what is mounted in a tree is not deleted with it")
    func mounted() throws {
        try withFolder { root in
            let (tree, kept) = (root.appending("tree"), root.appending("kept"))
            for folder in [tree.appending("a/b"), kept] {
                try makeFolders(folder, mode: FilePermissions(rawValue: 0o755))
            }
            try writeFile([1], to: kept.appending("file"), mode: .ownerReadWrite)
            try Mount(source: kept.string).make(at: tree.appending("a/b"))
            defer { try? unmount(tree.appending("a/b"), detach: true) }
            let error = #expect(throws: SystemError.self) { try removeTree(tree) }
            #expect(error?.errno == .improperLink)
            #expect(try listFolder(kept) == ["file"])
            try unmount(tree.appending("a/b"))
            try removeTree(tree)
            #expect(try listFolder(root) == ["kept"])
        }
    }

    @Test("an immutable folder goes, however deep it is", arguments: [2, 99, 100, 101, 102, 150])
    func immutable(_ depth: Int) throws {
        try withFolder { root in
            try makeFolders(root.appending("tree"), mode: FilePermissions(rawValue: 0o755))
            var folder = try deepen(root.appending("tree"), by: depth)
            try sys("make a folder") { mkdirat(folder.rawValue, "below", 0o755) }
            close(try sys("make a file") { openat(folder.rawValue, "file", O_CREAT | O_RDWR | O_CLOEXEC, 0o600) })
            for _ in 0..<3 {
                guard linux_set_file_flags(folder.rawValue, UInt32(LINUX_FILE_IMMUTABLE)) == 0 else {
                    return print("skipped: no immutable folders here")
                }
                folder = OwnedDescriptor(try sys("open") { openat(folder.rawValue, "..", O_RDONLY | O_CLOEXEC) })
            }
            try removeTree(root.appending("tree"))
            #expect(try listFolder(root).isEmpty)
        }
    }
}
