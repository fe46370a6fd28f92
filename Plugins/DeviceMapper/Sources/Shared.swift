// What several instances of one home have in common. A step that changes the pool or the records is taken by one
// thread of one process at a time: threads wait for a mutex, processes for a lock on the home's folder, which ends
// with its holder.

import CLinux
import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage

/// One home, as all instances in this process see it.
final class Shared: Sendable {
    /// What is known besides what is on disk: all of it can be found out again.
    struct State {
        /// Numbers of devices that have a record.
        var used: Set<UInt32> = []
        /// The number that was given out last.
        var last: UInt32 = 0
        /// The last deletion that was done.
        var deletion: TransactionRecord?
        /// Layers to be deleted as soon as nobody uses them.
        var leaving: Set<LayerID> = []
        /// Whether the base has the folder that layers show; nil: not known yet.
        var isRootInBase: Bool?
    }

    let home: FilePath
    private let state = Mutex(State())
    private let snapshotTurn = Mutex(())
    private let mounts = Mutex([LayerID: HiddenMount]())

    private init(_ home: FilePath) { self.home = home }

    /// Runs `body` while nobody else does, in this process or another.
    func exclusively<Result>(_ body: (inout State) throws -> Result) throws -> Result {
        try state.withLock { state in
            let folder = OwnedDescriptor(
                try sys("open \(home)") { open(home.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            )
            try sys("lock \(home)") { flock(folder.rawValue, LOCK_EX) }
            let result = try body(&state)
            withExtendedLifetime(folder) {}
            return result
        }
    }

    /// How many layers wait to be deleted.
    var leavingCount: Int { state.withLock { $0.leaving.count } }

    /// Runs `body` while nobody else reads the pool's metadata.
    func withSnapshotTurn<Result>(_ body: () throws -> Result) throws -> Result {
        try snapshotTurn.withLock { _ in try body() }
    }

    /// Keeps a file system mounted, where no folder shows it, until `letGo`.
    func hold(_ id: LayerID, _ make: () throws -> DetachedTree) throws {
        try mounts.withLock { mounts in
            if mounts[id] == nil { mounts[id] = HiddenMount(try make()) }
        }
    }

    func letGo(_ id: LayerID) { mounts.withLock { $0[id] = nil } }
}

private final class HiddenMount: Sendable {
    let tree: DetachedTree
    init(_ tree: consuming DetachedTree) { self.tree = tree }
}

extension Shared {
    private struct Weak: Sendable { weak var value: Shared? }
    private static let known = Mutex([String: Weak]())

    /// The one of the home at `home`, which exists.
    static func of(_ home: FilePath, _ folder: linux_file) -> Shared {
        let key = "\(folder.device) \(folder.inode) \(home)"
        return known.withLock { known in
            if let found = known[key]?.value { return found }
            let new = Shared(home)
            known = known.filter { $0.value.value != nil }
            known[key] = Weak(value: new)
            return new
        }
    }
}

extension Shared.State {
    /// A number that no device has, as far as known; it is the caller's to insert into `used`.
    mutating func nextNumber() throws -> UInt32 {
        guard used.count < Int(DeviceRecord.largestID) else {
            throw SystemError("find a number for a new device: all 16,777,215 are taken; remove images", .noSpace)
        }
        repeat { last = (last + 1) & DeviceRecord.largestID } while used.contains(last)
        return last
    }
}
