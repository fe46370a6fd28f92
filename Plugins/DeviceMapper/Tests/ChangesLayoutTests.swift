import CLinux
import DriverChecks
import Glibc
import GraphDrivers
import Linux
import SystemPackage
import Testing

@testable import DeviceMapperDriver

/// Where inodes are, against what the file systems' own programs say.
@Suite struct ChangesLayoutTests {
    private static let featureSets: [[String]] = [
        [], ["-b", "1024"], ["-b", "2048", "-I", "128"], ["-I", "512"], ["-I", "1024", "-N", "50000"],
        ["-O", "^64bit"], ["-O", "^flex_bg"], ["-G", "64"], ["-O", "meta_bg,^resize_inode"],
        ["-b", "1024", "-O", "meta_bg,^resize_inode,^flex_bg"], ["-O", "meta_bg,^resize_inode,^64bit", "-b", "1024"],
        ["-O", "^sparse_super,^resize_inode", "-b", "1024"],
        ["-b", "1024", "-O", "sparse_super2,^resize_inode,meta_bg"],
        ["-O", "bigalloc"], ["-b", "1024", "-O", "bigalloc,meta_bg,^resize_inode"], ["-O", "^metadata_csum"],
        ["-O", "^metadata_csum,^uninit_bg"], ["-O", "inline_data"], ["-O", "ea_inode"], ["-O", "quota,project"],
        ["-O", "^has_journal"], ["-E", "lazy_itable_init=1"], ["-O", "orphan_file"], ["-t", "ext3"], ["-t", "ext2"],
    ]

    /// A folder of its own with a sparse file in it.
    private func withImage(_ size: off_t, _ body: (FilePath, FilePath) throws -> Void) throws {
        let scratch = try AtomicFolder(in: "/var/tmp", prefix: "layout-")
        defer { try? scratch.cancel() }
        let image = scratch.path.appending("image")
        try writeFile([], to: image, mode: .ownerReadWrite)
        #expect(truncate(image.string, size) == 0)
        try body(scratch.path, image)
    }

    private func fill(_ folder: FilePath) throws {
        for index in 0..<40 {
            let sub = folder.appending("d\(index % 7)").appending("e\(index)")
            try makeFolders(sub, mode: FilePermissions(rawValue: 0o755))
            for file in 0..<20 { try writeFile([1, 2, 3], to: sub.appending("\(file)"), mode: .ownerReadWrite) }
        }
    }

    @Test("debugfs finds each inode of an ext4 where we do", arguments: featureSets)
    func ext4(_ features: [String]) throws {
        try withImage(700 << 20) { folder, image in
            let tree = folder.appending("tree")
            try fill(tree)
            try Command.run(["mkfs.ext4", "-q", "-F", "-d", tree.string] + features + [image.string])
            let layout = try Ext4Inodes(RawDevice(image))
            let numbers = layout.runs(-1).flatMap { run in (0..<run.count).map { run.first + UInt64($0) } }
            #expect(numbers.count >= 858)
            // The last ones of groups are where a mistake would show.
            let chosen = Set(
                numbers.prefix(900) + numbers.suffix(50) + numbers.indices.filter { $0 % 997 == 0 }.map { numbers[$0] }
            )
            let commands = chosen.sorted().map { "imap <\($0)>\n" }.joined()
            try writeFile(Array(commands.utf8), to: folder.appending("commands"), mode: .ownerReadWrite)
            let said = try output("debugfs -f commands image", in: folder)
            // Inode 12 is part of block group 0
            //     located at block 1061, offset 0x0b00
            let places = said.split(separator: "\n").filter { $0.hasPrefix("\tlocated at block") }.map { line in
                let words = line.split { " \t,".contains($0) }
                return (UInt64(words[3]) ?? 0, UInt64(words[5].dropFirst(2), radix: 16) ?? 0)
            }
            try #require(places.count == chosen.count)
            let block = try blockSize(of: image)
            for (number, place) in zip(chosen.sorted(), places) {
                #expect(layout.position(of: number) == place.0 * block + place.1, "inode \(number)")
            }
            try expectFiles(layout, image, tree)
        }
    }

    /// All that is in `tree` has an inode in the image, and nothing else has a name.
    private func expectFiles(_ layout: Ext4Inodes, _ image: FilePath, _ tree: FilePath) throws {
        let device = try RawDevice(image)
        var (folders, files) = (0, 0)
        for run in layout.runs(-1) {
            let bytes = try device.read(at: run.position, count: run.count * layout.inodeSize)
            for index in 0..<run.count {
                guard let inode = layout.inode(run.first + UInt64(index), bytes, index * layout.inodeSize) else {
                    continue
                }
                if inode.isFolder { folders += 1 } else { files += 1 }
            }
        }
        #expect(files == 800)
        // The root, lost+found, d0…6, e0…39.
        #expect(folders == 49)
    }

    private func blockSize(of image: FilePath) throws -> UInt64 {
        let bytes = try RawDevice(image).read(at: 1024, count: 1024)
        return 1024 << UInt64(bytes.little(0x18, as: UInt32.self))
    }

    /// What a command says, in the folder; what it says to standard error is lost.
    private func output(_ command: String, in folder: FilePath) throws -> String {
        try Command.run(["sh", "-c", "cd \(folder) && PATH=$PATH:/sbin:/usr/sbin \(command) >output 2>/dev/null"])
        return String(decoding: try readFile(folder.appending("output")), as: UTF8.self)
    }

    @Test(
        "xfs_db finds each inode of an xfs where we do",
        .enabled(if: geteuid() == 0),
        arguments: [
            [], ["-b", "size=1024"], ["-i", "size=1024"], ["-i", "size=2048", "-d", "agcount=9"],
            ["-m", "finobt=0,rmapbt=0,reflink=0"], ["-m", "bigtime=1,inobtcount=1"], ["-i", "sparse=0"],
            ["-d", "su=64k,sw=4"], ["-i", "nrext64=1"],
        ]
    )
    func xfs(_ features: [String]) throws {
        try withImage(700 << 20) { folder, image in
            try Command.run(["mkfs.xfs", "-q"] + features + [image.string])
            let loop = try LoopDevice(file: image)
            var tables: [(number: UInt64, inode: DeviceMapperDriver.Inode?, position: UInt64?)] = []
            do {
                let tree = try DetachedTree([Mount(type: "xfs", source: loop.path.string)])
                try fill(tree.path)
                let root = OwnedDescriptor(try sys("open") { open(tree.path.string, O_RDONLY | O_DIRECTORY) })
                try FileSystem.xfs.settle(tree.path)
                let device = try RawDevice(loop.path)
                let layout = try XFSInodes(device)
                for run in try layout.runs(root.rawValue) {
                    let bytes = try device.read(at: run.position, count: run.count * layout.inodeSize)
                    for index in 0..<run.count {
                        let number = run.first + UInt64(index)
                        let inode = layout.inode(number, bytes, index * layout.inodeSize)
                        tables.append((number, inode, layout.position(of: number)))
                        if let inode, inode.isFolder { close(try layout.open(inode, root.rawValue)) }
                    }
                }
            }
            #expect(tables.compactMap(\.inode).filter { !$0.isFolder }.count == 800)
            #expect(tables.compactMap(\.inode).filter(\.isFolder).count == 48)
            let commands = tables.map { "convert inode \($0.number) fsbyte\n" }.joined()
            try writeFile(Array(commands.utf8), to: folder.appending("commands"), mode: .ownerReadWrite)
            // 0x3000 (12288)
            let said = try output("xfs_db -r image <commands", in: folder)
            let places = said.split(separator: "\n").map { line in
                UInt64(line.split { "()".contains($0) }.last ?? "")
            }
            try #require(places.count == tables.count)
            for (entry, place) in zip(tables, places) { #expect(entry.position == place, "inode \(entry.number)") }
            withExtendedLifetime(loop) {}
        }
    }

    /// Makes a file system that has to be frozen to be settled, and mounts it where no folder shows it.
    private func withMounted(_ kind: String, _ body: (FileSystem, FilePath) throws -> Void) throws {
        try withImage(400 << 20) { _, image in
            // An ext4 with a journal need not be frozen.
            let options = kind == "ext4" ? ["-F", "-O", "^has_journal"] : []
            try Command.run(["mkfs.\(kind)", "-q"] + options + [image.string])
            let loop = try LoopDevice(file: image)
            let tree = try DetachedTree([Mount(type: kind, source: loop.path.string)])
            try body(#require(FileSystem(rawValue: kind)), tree.path)
            withExtendedLifetime(loop) {}
        }
    }

    private func freeze(_ verb: String, _ tree: FilePath) throws {
        try Command.run(["fsfreeze", verb, tree.string.replacing("/self/", with: "/\(getpid())/")])
    }

    @Test("what a killed process left frozen is thawed", .enabled(if: geteuid() == 0), arguments: ["ext4", "xfs"])
    func thaws(_ kind: String) throws {
        try withMounted(kind) { fileSystem, tree in
            try freeze("--freeze", tree)
            try fileSystem.settle(tree)
            // Thawing fails where nothing is frozen.
            #expect(throws: Command.Failure.self) { try freeze("--unfreeze", tree) }
        }
    }

    @Test(
        "a kill while a file system is settled leaves it thawed",
        .enabled(if: geteuid() == 0),
        arguments: ["ext4", "xfs"]
    )
    func survives(_ kind: String) throws {
        try withMounted(kind) { fileSystem, tree in
            for call in 1...100 {
                let isKilled = try runKilled(beforeCall: call) { try? fileSystem.settle(tree) }
                // Until the helper is done: nobody can write before.
                usleep(300_000)
                let place = tree.string.replacing("/self/", with: "/\(getpid())/")
                try Command.run(["touch", "\(place)/touched"], seconds: 60)
                #expect(throws: Command.Failure.self, "call \(call)") { try freeze("--unfreeze", tree) }
                if !isKilled { return }
            }
            Issue.record("it never came to its end")
        }
    }
}
