import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import AUFSDriver

/// Branches with what is hard to name or to open.
@Suite(.serialized) struct BranchTests {
    @Test("a mark is dropped only where there surely is nothing below")
    func mayBeFolder() throws {
        let home = try Home()
        try home.folder.makeFolder("lower/d")
        try home.folder.put("lower/f", "")
        let root = try openBranch(home.folder.appending("lower"))
        func may(_ path: String) -> Bool { AUFSDriver.mayBeFolder(Array(path.utf8), inAnyOf: [root.rawValue]) }
        #expect(
            [may("d"), may(""), may("f"), may("none"), may("f/x"), may("none/x")] == [
                true, true, false, false, false, false,
            ]
        )
        #expect(may(String(repeating: "x", count: 300)), "a name too long to look at")
        #expect(may(String(repeating: "x/", count: 3000)), "a path too long to look at")
    }

    @Test("what a container deleted too deep to be named stays deleted")
    func deepMark() throws {
        let home = try Home()
        let driver = try home.driver("overlayfs")
        func visit(_ tree: FilePath, _ body: (CInt) throws -> Void) throws {
            var folder = try openBranch(tree)
            for _ in 0..<40 {
                let name = String(repeating: "d", count: 200)
                mkdirat(folder.rawValue, name, 0o755)
                let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
                folder = OwnedDescriptor(try sys("open a folder") { openat(folder.rawValue, name, flags) })
            }
            try body(folder.rawValue)
        }
        func has(_ name: String, in layer: LayerID) throws -> Bool {
            var found = false
            try driver.withTree(of: layer) { try visit($0) { found = faccessat($0, name, F_OK, 0) == 0 } }
            return found
        }
        let lower = try driver.make("lower") {
            try visit($0) { folder in
                try sys("make") { mkdirat(folder, "e", 0o755) }
                try sys("make") { mkdirat(folder, "e/old", 0o755) }
            }
        }
        let upper = try driver.make("upper", on: lower) {
            try visit($0) { folder in
                try sys("delete") { unlinkat(folder, "e/old", AT_REMOVEDIR) }
                try sys("delete") { unlinkat(folder, "e", AT_REMOVEDIR) }
                try sys("make") { mkdirat(folder, "e", 0o755) }
                try sys("make") { mkdirat(folder, "e/new", 0o755) }
            }
        }
        #expect(
            try [has("e/old", in: lower), has("e/new", in: upper), has("e/old", in: upper)] == [true, true, false]
        )
    }

    @Test("a note goes whatever its name is")
    func anyName() throws {
        let home = try Home()
        let driver = try home.driver("overlayfs")
        let name: [CChar] = ".wh.".utf8CString.dropLast() + [CChar(bitPattern: 0xff), 0]
        let base = try driver.make("base") { tree in
            let root = try openBranch(tree)
            try sys("make a folder") { mkdirat(root.rawValue, name, 0o755) }
            let folder = OwnedDescriptor(try sys("open") { openat(root.rawValue, name, O_RDONLY | O_CLOEXEC) })
            try sys("make a folder in it") { mkdirat(folder.rawValue, "in", 0o755) }
        }
        try driver.make("child", on: base)
        #expect(try listFolder(driver.branch(base)).isEmpty)
    }
}
