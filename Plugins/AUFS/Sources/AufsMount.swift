// The kernel's aufs, as Docker mounts it. Kernels of today's distributions lack it, so none of this ran where it was
// written: the strings are tested, the mounts are Docker's.

import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// Mounts branches with aufs.
struct AufsMount {
    let home: FilePath
    let hasDirperm1: Bool

    private static let type = FileSystemType(magic: 0x6175_6673)
    private static let inodeNumbers = "xino=/dev/shm/aufs.xino"

    /// Whether the running kernel has aufs now.
    static var isInKernel: Bool {
        let file = FilePath("/proc/filesystems")
        guard let bytes = try? readFile(file) else { return false }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { $0.hasSuffix("\taufs") }
    }

    /// Mounts the branches in `scratch`, and says whether this aufs knows `dirperm1`.
    static func tryOut(in scratch: FilePath) throws -> Bool {
        let backing = try FileSystemType(of: scratch)
        // Docker's list: aufs mounts such branches, and fails later.
        if ["aufs", "btrfs", "ecryptfs"].contains("\(backing)") {
            throw SystemError("mount aufs: it can't have its branches on \(backing)", .notSupported)
        }
        let target = scratch.appending("mnt")
        let branches = ["br:\(scratch.appending("top"))=rw:\(scratch.appending("high"))=ro+wh", inodeNumbers]
        func mounts(_ extra: [String]) throws {
            try Mount(type: "aufs", source: "none", options: branches + extra).make(at: target, using: .old)
            try unmountAll(target)
        }
        if (try? mounts(["dirperm1"])) != nil { return true }
        try mounts([])
        return false
    }

    /// Joins the layer's branch, to be written to, with those of its ancestors, at `mnt/<id>`.
    func make(_ id: LayerID, over above: [LayerID]) throws {
        let steps = Self.steps(branches: ([id] + above).map { home.appending("diff/\($0)").string }, hasDirperm1)
        let target = home.appending("mnt").appending(id.description)
        for (number, options) in steps.enumerated() {
            let flags = number == 0 ? 0 : UInt(MS_REMOUNT)
            do { try sys("mount aufs on \(target)") { mount("none", target.string, "aufs", flags, options) } } catch {
                try? unmountAll(target)  // the first error is the one to report
                throw error
            }
        }
    }

    /// The options of the mount, and of the remounts that add the branches which did not fit in: mount(2) reads a page.
    static func steps(branches: [String], _ hasDirperm1: Bool) -> [String] {
        let page = 4096
        let rest = ["dio", inodeNumbers] + (hasDirperm1 ? ["dirperm1"] : [])
        let end = "," + rest.joined(separator: ",")
        guard let own = branches.first else { return [] }
        var first = "br:\(own)=rw"
        var others = branches.dropFirst().map { "\($0)=ro+wh" }[...]
        while let next = others.first, first.utf8.count + 1 + next.utf8.count + end.utf8.count < page {
            first += ":\(next)"
            others.removeFirst()
        }
        var steps = [first + end]
        while !others.isEmpty {
            var step = ""
            while let next = others.first, step.utf8.count + next.utf8.count + 8 < page {
                step += "append:\(next),"
                others.removeFirst()
            }
            steps.append(step)
        }
        return steps
    }

    /// Has aufs's own tool give each name of a file that was copied up the copy: aufs forgets them when it is unmounted.
    private static func flushLinks(_ target: FilePath) {
        for _ in 0..<5 {
            do { try Command.run(["auplink", target.string, "flush"]) } catch let failure as Command.Failure {
                // It ends with EINVAL while somebody else looks at the mounts.
                if let status = failure.status, status >> 8 & 0xff == EINVAL { continue }
            } catch {}  // what else fails, as that it is not installed, Docker ignores, too
            return
        }
    }

    /// Takes the aufs on `target` away; none is no error.
    static func end(_ target: FilePath) throws {
        guard let type = try? FileSystemType(of: target), type == Self.type else { return }
        Self.flushLinks(target)
        for attempt in 1... {
            do { return try unmount(target) } catch {
                if error.errno == .invalidArgument { return }
                guard error.errno == .resourceBusy, attempt < 5 else { throw error }
                usleep(100_000)
            }
        }
    }
}
