import Archive
import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

// What programs in containers do to open files, most of them a parent's: the first write gives the layer its own copy.

extension Check {
    static let writes: [Check] = [
        Check("a parent's file of two names, written by one: that one is new, the other old or new, and stays so") {
            scene in
            let a = try scene.layer("a") { tree in
                try tree.file("f", "old")
                try tree.hardLink("g", to: "f")
            }
            let b = try scene.layer("b", on: a) { tree in
                try tree.append("f", " and new")
                try expectEqual(try tree.text("f"), "old and new", "the file")
            }
            // Whether a name that was not written to follows depends on the kernel; that it does not change does not.
            let other = try scene.see(b) { try $0.text("g") }
            try expect(["old", "old and new"].contains(other), "the file's other name shows '\(other)'")
            let wanted = try scene.driver.changesByComparison(in: b, since: a)
            try expectEqual(try scene.driver.changes(in: b, since: a), wanted, "the list of changes")
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
            let record = try scene.record(b).withoutFolderTimesAndLinks
            try expectSame(try scene.record(c).withoutFolderTimesAndLinks, record, "the layer made from the tar")
            try expectEqual(try scene.see(a) { try $0.text("g") }, "old", "the parent's file")
        },
        change(
            "what is written into memory that shows a parent's file is in the file",
            before: { try $0.file("f", String(repeating: "old ", count: 4096)) },
            { tree in
                let file = try tree.open("f", O_RDWR)
                let memory = mmap(nil, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue, 0)
                guard let memory, memory != UnsafeMutableRawPointer(bitPattern: -1) else {
                    throw SystemError("map the file into memory", .invalidArgument)
                }
                defer { munmap(memory, 16384) }
                memory.advanced(by: 8192).copyMemory(from: Array("new!".utf8), byteCount: 4)
                try sys("flush the memory") { msync(memory, 16384, MS_SYNC) }
                let bytes = try readFile(tree.path("f"))
                try expectEqual(bytes.firstIndex(of: UInt8(ascii: "n")), 8192, "where the new text is")
            },
            lists: ["C /f"]
        ),
        change(
            "a hole punched into a parent's file reads as zeros, and the rest is as it was",
            before: { try $0.file("f", String(repeating: "x", count: 16384)) },
            { tree in
                try allocate(tree, "f", LINUX_FALLOC_PUNCH_HOLE | LINUX_FALLOC_KEEP_SIZE, 4096, 8192)
                let bytes = try readFile(tree.path("f"))
                try expectEqual(bytes.count, 16384, "the file's size")
                try expectEqual(bytes.count { $0 == 0 }, 8192, "zeros in the file")
                try expectEqual(
                    Array(bytes[4095...4096] + bytes[12287...12288]),
                    [0x78, 0, 0, 0x78],
                    "the hole's ends"
                )
            },
            lists: ["C /f"]
        ),
        change(
            "a range taken out of a parent's file makes it shorter by that, where the file system can do that",
            before: { try $0.file("f", String(repeating: "x", count: 65536) + String(repeating: "y", count: 65536)) },
            { tree in
                try allocate(tree, "f", LINUX_FALLOC_COLLAPSE_RANGE, 0, 65536)
                try expect(try tree.text("f") == String(repeating: "y", count: 65536), "the file is not what was left")
            },
            lists: ["C /f"]
        ),
        change(
            "a parent's file that grows by a hole has zeros there, and takes no room for them",
            before: { try $0.file("f", "start") },
            { tree in
                try tree.truncate("f", 4 << 20)
                try tree.overwrite("f", "end", at: (4 << 20) - 3)
                let zeros = [UInt8](repeating: 0, count: (4 << 20) - 8)
                let wanted = Array("start".utf8) + zeros + Array("end".utf8)
                try expect(try readFile(tree.path("f")) == wanted, "the file is not start, zeros and end")
                let room = try tree.status("f").st_blocks / 2
                try expect(room < 1024, "the file takes \(room) KiB")
            },
            lists: ["C /f"]
        ),
        change(
            "a parent's file cut on opening is empty, and cut to a size keeps its start",
            before: { tree in
                for name in ["f", "g"] { try tree.file(name, String(repeating: "0123456789", count: 1000)) }
            },
            { tree in
                _ = try tree.open("f", O_WRONLY | O_TRUNC)
                try expectEqual(try tree.text("f"), "", "the file that was cut on opening")
                try tree.truncate("g", 15)
                try expectEqual(try tree.text("g"), "012345678901234", "the file that was cut to 15 bytes")
            },
            lists: ["C /f", "C /g"]
        ),
        change(
            "two programs that append to a parent's file overwrite nothing of each other",
            before: { try $0.file("f", "old") },
            { tree in
                let first = try tree.open("f", O_WRONLY | O_APPEND)
                let second = try tree.open("f", O_WRONLY | O_APPEND)
                for number in 0..<3 {
                    try write(" a\(number)", to: first)
                    try write(" b\(number)", to: second)
                }
                try expectEqual(try tree.text("f"), "old a0 b0 a1 b1 a2 b2", "the file")
            },
            lists: ["C /f"]
        ),
        change(
            "a file that is open can still be read and written when its name is deleted or another's",
            before: { tree in for name in ["f", "g", "h"] { try tree.file(name, "old \(name)") } },
            { tree in
                let read = try tree.open("f", O_RDONLY)
                let written = try tree.open("g", O_RDWR)
                try tree.remove("f")
                try tree.rename("h", to: "g")
                try expectEqual(try text(of: read), "old f", "the deleted file")
                try write("new", to: written)
                try expectEqual(try text(of: written), "new g", "the replaced file")
                try expectEqual(try tree.text("g"), "old h", "the file in its place")
            },
            lists: ["D /f", "C /g", "D /h"]
        ),
        Check("a lock on a parent's file holds against whoever opens it, also after it was written to") { scene in
            let a = try scene.layer("a", sample)
            try scene.layer("b", on: a) { tree in
                let holder = try tree.open("f", O_RDWR)
                try sys("lock the file") { flock(holder.rawValue, LOCK_EX | LOCK_NB) }
                func isFree() throws -> Bool {
                    let other = try tree.open("f", O_RDWR)
                    return flock(other.rawValue, LOCK_EX | LOCK_NB) == 0
                }
                try expect(try !isFree(), "a locked file could be locked again")
                try write("new", to: holder)
                try expect(try !isFree(), "a locked file could be locked again when it had been written to")
                try sys("unlock the file") { flock(holder.rawValue, LOCK_UN) }
                try expect(try isFree(), "a file that was unlocked can't be locked")
            }
        },
        change(
            "a parent's file copied in the kernel is a file with the same bytes",
            before: { try $0.file("f", String(repeating: "content", count: 30_000)) },
            { tree in
                let from = try tree.open("f", O_RDONLY)
                let to = try tree.open("g", O_RDWR | O_CREAT)
                var (read, written): (Int64, Int64) = (0, 0)
                while read < 210_000 {
                    let count = linux_copy_file_range(from.rawValue, &read, to.rawValue, &written, 210_000 - Int(read))
                    guard count > 0 else { throw Skipped(description: "no copying in the kernel here") }
                }
                try expect(try tree.text("g") == tree.text("f"), "the copy is not as the file")
            },
            lists: ["A /g"]
        ),
        Check("a file of other content, but of the old one's size and time, is modified", needs: .exactChanges) {
            scene in
            let a = try scene.layer("a") { tree in
                for name in ["f", "g", "h"] {
                    try tree.file(name, "old \(name)")
                    try tree.time(name, seconds: 1_500_000_000, nanoseconds: 0)
                }
            }
            let b = try scene.layer("b", on: a) { tree in
                // As builds do that give all files one time.
                try tree.overwrite("f", "new")
                try tree.time("f", seconds: 1_500_000_000, nanoseconds: 0)
                try tree.rename("h", to: "g")
            }
            let found = try scene.driver.changes(in: b, since: a).map { "\($0.kind.letter) \($0.path)" }
            try expectEqual(found, ["C /f", "C /g", "D /h"], "the list of changes")
            let c = try scene.apply(try scene.tar(of: b, since: a), as: "c", on: a).id
            try expectSame(try scene.record(c), scene.record(b), "the layer made from the tar")
        },
        Check("what was written can be flushed: a parent's file, its folder, all there is") { scene in
            let a = try scene.layer("a", sample)
            try scene.layer("b", on: a) { tree in
                let file = try tree.open("d/f", O_WRONLY | O_APPEND)
                try write("new", to: file)
                try sys("flush the file") { fsync(file.rawValue) }
                let folder = try tree.open("d", O_RDONLY | O_DIRECTORY)
                try sys("flush the folder") { fsync(folder.rawValue) }
                try sys("flush the file system") { linux_syncfs(folder.rawValue) }
            }
        },
    ]

    private static func allocate(_ tree: Tree, _ name: String, _ mode: Int, _ offset: Int64, _ length: Int64) throws {
        let file = try tree.open(name, O_RDWR)
        do {
            try sys("change the blocks of \(name)") { linux_fallocate(file.rawValue, CInt(mode), offset, length) }
        } catch {
            guard [.notSupported, .invalidArgument, .noFunction].contains(error.errno) else { throw error }
            throw Skipped(description: "this file system can't do that to a file's blocks")
        }
    }
}
