import DockerAPI
import Glibc
import Linux
import SystemPackage
import Testing

@testable import Engine

/// Volumes on disk: whole or gone, whenever the daemon is killed, and never taken from who has them.
@Suite struct VolumeStoreTests {
    private func withRoot(_ body: (FilePath) throws -> Void) throws {
        let root = FilePath("/var/tmp/varve-volumes-\(randomHex(bytes: 6))")
        defer { try? removeTree(root) }
        try makeFolders(root, mode: FilePermissions(rawValue: 0o700))
        try body(root)
    }

    @Test("a kill at any step of making a volume leaves one that can be used, or none")
    func killedMaking() throws {
        try withRoot { root in
            for call in 1... {
                let store = try VolumeStore(dataRoot: root)
                let isKilled = try runKilled(beforeCall: call) { _ = try? store.create("data", labels: ["a": "1"]) }
                let next = try VolumeStore(dataRoot: root)
                try next.create("data", labels: ["a": "1"])
                let volume = try next.volume("data")
                #expect(volume.labels == ["a": "1"] && isFolder(FilePath(volume.mountpoint)), "before call \(call)")
                try next.remove("data")
                #expect(try next.all().isEmpty && listFolder(root.appending("varve/volumes")) == ["removed"])
                if !isKilled { break }
            }
        }
    }

    @Test("a kill at any step of removing or filling a volume leaves it whole, or gone at the next start")
    func killedRemoving() throws {
        try withRoot { root in
            let tree = root.appending("tree")
            try makeFolders(tree.appending("sub"), mode: FilePermissions(rawValue: 0o755))
            try writeFile(Array("text".utf8), to: tree.appending("sub/f"), mode: .ownerReadWrite)
            for (isRemoving, isShared) in [(false, false), (false, true), (true, false)] {
                for call in 1... {
                    let store = try VolumeStore(dataRoot: root)
                    try store.create("data", labels: [:])
                    // Then the folder that others have open must stay the same.
                    if isShared { store.note("other", has: "data") }
                    if isRemoving { try store.fill("data", from: tree, for: "box") }
                    let isKilled = try runKilled(beforeCall: call) {
                        if isRemoving { try? store.remove("data") }
                        if !isRemoving { try? store.fill("data", from: tree, for: "box") }
                    }
                    let next = try VolumeStore(dataRoot: root)
                    if (try? next.volume("data")) != nil {
                        try next.fill("data", from: tree, for: "box")
                        #expect(try readFile(next.data("data").appending("sub/f")) == Array("text".utf8))
                        #expect(try listFolder(root.appending("volumes/data")) == ["_data"], "before call \(call)")
                        try next.remove("data")
                    }
                    #expect(try listFolder(root.appending("volumes")).isEmpty)
                    #expect(try listFolder(root.appending("varve/volumes/removed")).isEmpty)
                    if !isKilled { break }
                }
            }
        }
    }

    @Test("who has a volume keeps it; dockerd's volumes are volumes, other folders are not")
    func users() throws {
        try withRoot { root in
            let store = try VolumeStore(dataRoot: root)
            #expect(try store.claim("data", for: "c1", labels: [:]))
            #expect(try !store.claim("data", for: "c2", labels: [:]))
            store.release("c1")
            #expect(throws: EngineError.self) { try store.remove("data") }
            store.release("c2")
            try store.remove("data")
            #expect(throws: EngineError.self) { try store.remove("data") }
            try makeFolders(root.appending("volumes/of-dockerd/_data"), mode: FilePermissions(rawValue: 0o755))
            try makeFolders(root.appending("volumes/.hidden"), mode: FilePermissions(rawValue: 0o755))
            try writeFile([], to: root.appending("volumes/metadata.db"), mode: .ownerReadWrite)
            #expect(try store.all().map(\.name) == ["of-dockerd"])
            for name in ["", "a", ".x", "a/b", "..", "a b", String(repeating: "x", count: 201)] {
                #expect(throws: EngineError.self, "\(name)") { try store.create(name, labels: [:]) }
            }
        }
    }
}
