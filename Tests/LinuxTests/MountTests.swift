import Glibc
import Linux
import SystemPackage
import Testing

/// Mounts, through both of the kernel's interfaces, each in a folder of its own.
@Suite struct MountTests {
    private func withFolder(_ name: String = "mounts-", _ body: (FilePath) throws -> Void) throws {
        let folder = try AtomicFolder(in: "/dev/shm", prefix: name)
        defer { try? folder.cancel() }
        try body(folder.path)
    }

    /// `count` layers, each with a file of its own, and an overlay of them: the first is the topmost.
    private func overlay(of count: Int, in folder: FilePath) throws -> Mount {
        let mode = FilePermissions(rawValue: 0o755)
        let names = (0..<count).map { "layer-\($0)-with-a-name-of-26" }
        for name in names + ["upper", "work", "merged"] { try makeFolders(folder.appending(name), mode: mode) }
        for (number, name) in names.enumerated() {
            try writeFile(Array("\(number)".utf8), to: folder.appending("\(name)/f\(number)"), mode: mode)
            try writeFile(Array("\(number)".utf8), to: folder.appending("\(name)/f"), mode: mode)
        }
        let upper = ["upperdir=\(folder.appending("upper"))", "workdir=\(folder.appending("work"))"]
        return Mount(
            type: "overlay",
            source: "overlay",
            options: names.map { "lowerdir+=\(folder.appending($0))" } + upper
        )
    }

    private func expectLayers(_ count: Int, at merged: FilePath) throws {
        try #expect(listFolder(merged).count == count + 1)
        try #expect(readFile(merged.appending("f")) == [UInt8(ascii: "0")])  // the topmost layer's
    }

    @Test(arguments: [(MountInterface.new, 2), (.new, 128), (.new, 400), (.old, 2), (.old, 125), (.best, 128)])
    func stacksLayers(_ interface: MountInterface, _ count: Int) throws {
        try withFolder { folder in
            let merged = folder.appending("merged")
            let mount = try overlay(of: count, in: folder)
            try mountTree([mount], at: merged, using: interface)
            defer { try? unmount(merged, detach: true) }
            try expectLayers(count, at: merged)
            try writeFile([1], to: merged.appending("new"), mode: .ownerReadWrite)
            #expect(exists(folder.appending("upper/new")))
        }
    }

    /// A folder of a file system as its root, as one mount: nothing shows the rest, nothing is left after one unmount.
    @Test(arguments: [MountInterface.best, .old])
    func showsOneFolderOfAFileSystem(_ interface: MountInterface) throws {
        try withFolder { folder in
            var mount = try overlay(of: 2, in: folder)
            let merged = folder.appending("merged")
            try makeFolders(folder.appending("upper/rootfs/etc"), mode: FilePermissions(rawValue: 0o755))
            mount.subfolder = "rootfs"
            try mountTree([mount], at: merged, using: interface)
            try #expect(listFolder(merged) == ["etc"])
            // A copy of this process that another test kills may have it open until then.
            for attempt in 1... {
                do throws(SystemError) { try unmount(merged); break } catch {
                    guard error.errno == .resourceBusy, attempt < 400 else { throw error }
                    usleep(50_000)
                }
            }
            try #expect(listFolder(merged) == [])
            let tree = try DetachedTree([mount], using: interface)
            try #expect(listFolder(tree.path) == ["etc"])
            mount.subfolder = "none"
            #expect(throws: SystemError.self) { try mountTree([mount], at: merged, using: interface) }
            try #expect(listFolder(merged) == [])
        }
    }

    @Test func neverLetsTheKernelCutOptionsOff() throws {
        try withFolder { folder in
            let mount = try overlay(of: 400, in: folder)
            #expect(throws: SystemError.self) {
                try mountTree([mount], at: folder.appending("merged"), using: .old)
            }
            try #expect(listFolder(folder.appending("merged")) == [])
        }
    }

    @Test(arguments: MountInterface.allCases)
    func mountsFoldersWithOddNames(_ interface: MountInterface) throws {
        try withFolder("co:lon,com=ma back\\slash-") { folder in
            let mount = try overlay(of: 3, in: folder)
            let merged = folder.appending("merged")
            try mountTree([mount], at: merged, using: interface)
            defer { try? unmount(merged, detach: true) }
            try expectLayers(3, at: merged)
            let info = try MountInfo.all().first { $0.target == merged }
            #expect(info?.type == "overlay")
        }
    }

    @Test(arguments: MountInterface.allCases)
    func showsDetachedTreesToNobodyElse(_ interface: MountInterface) throws {
        try withFolder { folder in
            let mount = try overlay(of: 3, in: folder)
            do {
                let tree = try DetachedTree([mount], using: interface)
                try expectLayers(3, at: tree.path)
                try #expect(MountInfo.all().allSatisfy { !$0.superOptions.contains { $0.contains(folder.string) } })
            }
            // Others mount beside this: nothing of ours is left.
            try #expect(MountInfo.all().allSatisfy { !$0.superOptions.contains { $0.contains(folder.string) } })
        }
    }

    @Test func mountsReadOnlyAndInOrderAndTakesBackWhatItMade() throws {
        try withFolder { folder in
            let inner = Mount(type: "tmpfs", source: "tmpfs", target: "a", options: ["size=1m", "ro", "nosuid"])
            let bind = Mount(source: folder.string, target: "b", options: ["rbind", "ro"])
            let nowhere = Mount(type: "tmpfs", source: "tmpfs", target: "../../c")
            for name in ["a", "b"] { try makeFolders(folder.appending(name), mode: .ownerReadWriteExecute) }
            try mountTree([inner, bind], at: folder)
            for name in ["a/f", "b/f"] {
                #expect(throws: SystemError.self) {
                    try writeFile([1], to: folder.appending(name), mode: .ownerReadWrite)
                }
            }
            for name in ["b", "a"] { try unmount(folder.appending(name), detach: true) }
            #expect(throws: SystemError.self) { try mountTree([inner, nowhere], at: folder) }
            try #expect(MountInfo.all().allSatisfy { !$0.target.starts(with: folder) })
        }
    }

    @Test func saysWhatTheKernelDidNotLike() throws {
        try withFolder { folder in
            let mount = Mount(type: "overlay", source: "overlay", options: ["lowerdir+=/no/such/folder"])
            let error = #expect(throws: SystemError.self) { try mountTree([mount], at: folder) }
            #expect(error?.errno == .noSuchFileOrDirectory)
            #expect(error?.description.contains("/no/such/folder") == true)
            let unknown = Mount(type: "nosuchfs", source: "x")
            #expect(throws: SystemError.self) { try mountTree([unknown], at: folder) }
        }
    }

    @Test func readsMountInfo() {
        let line = #"36 35 98:0 /a\040b /mnt\0112 rw,noatime shared:1 - ext4 /dev/root rw,lowerdir+=/x,lowerdir+=/y"#
        let info = MountInfo(line: line)
        #expect(info?.id == 36)
        #expect(info?.root == "/a b")
        #expect(info?.target == "/mnt\t2")
        #expect(info?.options == ["rw", "noatime"])
        #expect(info?.superOptions == ["rw", "lowerdir+=/x", "lowerdir+=/y"])
        #expect(MountInfo(line: "no mount at all") == nil)
    }

    @Test func namesFileSystemsAsDockerDoes() throws {
        try #expect("\(FileSystemType(of: "/dev/shm"))" == "tmpfs")
        #expect("\(FileSystemType(magic: 1))" == "<unknown>")
        #expect(throws: SystemError.self) { try FileSystemType(of: "/no/such/path") }
    }

    @Test func attachesAFileToALoopDevice() throws {
        try withFolder { folder in
            let image = folder.appending("image")
            try writeFile([], to: image, mode: .ownerReadWrite)
            try sys("grow the image") { truncate(image.string, 1 << 20) }
            let device = try LoopDevice(file: image)
            #expect(exists(device.path))
            let file = OwnedDescriptor(try sys("open the device") { open(device.path.string, O_RDONLY | O_CLOEXEC) })
            try #expect(sys("seek to the end") { lseek(file.rawValue, 0, SEEK_END) } == 1 << 20)
        }
    }
}
