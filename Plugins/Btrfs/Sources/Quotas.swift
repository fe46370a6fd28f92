// Limits are those of the kernel's quota groups. Every subvolume has one, 0/<its number>, while quotas are on, and they
// are on or off for the whole file system. The limit is on what only the layer has, so its image does not count.
//
// Quotas that were on before are used as they are, and stay on. Where they are off, the first limited layer switches them
// on, and the last one's removal off again; `.quota-on` says so. Simple quotas (Linux 6.7) cost nothing and are exact at
// once, but mark the file system for good, also when they are off again: older kernels no longer mount it, older
// btrfs-progs no longer check it. So they are switched on where that has happened before or the user asks for it.

import CLinux
import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage

/// The limits of a home's layers, and the quotas of its file system.
final class Quotas: Sendable {
    private let home: FilePath
    private let options: Options
    /// Held while it is found out or changed whether quotas are on.
    private let lock = Mutex(())

    private var folder: FilePath { home.appending("quotas") }
    private var mark: FilePath { home.appending(".quota-on") }

    init(home: FilePath, options: Options) {
        self.home = home
        self.options = options
    }

    /// The limit that a new layer is to have, in bytes, or nil.
    func size(of layer: LayerOptions) throws -> Int64? {
        try options.size(of: layer) {
            let root = try openFolder(home, followingLink: true)
            var bytes: UInt32 = 0
            try sys("look at the file system of \(home)") { linux_btrfs_block_size(root.rawValue, &bytes) }
            return bytes
        }
    }

    /// Notes a layer's limit, and sees to it that quotas are on; to be called before the layer is made.
    func admit(_ id: LayerID, _ size: Int64) throws {
        try lock.withLock { _ in
            try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
            do {
                // Before quotas are on: whoever finds them on with no layer limited switches them off.
                try writeFile(Array(String(size).utf8), to: file(id), mode: FilePermissions(rawValue: 0o644))
                try switchOn()
            } catch {
                // On a full disk half a file may be there, and would keep quotas on.
                unlink(file(id).string)
                throw error
            }
        }
    }

    /// Sets the limit that was noted for the layer, if any, and takes away the one that a limited parent's snapshot has.
    func limit(_ id: LayerID, _ subvolume: FilePath, inherited parent: LayerID?) throws {
        let size = try size(of: id)
        guard size != nil || parent.map({ exists(file($0)) }) ?? false else { return }
        guard let size else {
            if try mode() != .off { try set(0, subvolume) }
            return
        }
        // Docker, too, leaves alone what is below its least.
        if size < options.smallest { return }
        try lock.withLock { _ in
            try switchOn()
            try set(UInt64(size), subvolume)
        }
    }

    /// Limits what only the subvolume has; 0 is no limit.
    private func set(_ size: UInt64, _ subvolume: FilePath) throws {
        let root = try openFolder(subvolume)
        var found = linux_btrfs_subvolume()
        try sys("look at subvolume \(subvolume)") { linux_btrfs_describe(root.rawValue, &found) }
        let outside = try openFolder(home, followingLink: true)
        try sys("limit \(subvolume) to \(size) bytes") { linux_btrfs_limit(outside.rawValue, found.id, size) }
    }

    /// Whether a snapshot of the layer would lift its limit: what it shares is no longer its alone.
    func isLiftedBySnapshot(_ id: LayerID) throws -> Bool { try exists(file(id)) && mode() == .classic }

    /// Takes back what `admit` did: the layer is gone.
    func forget(_ id: LayerID) throws {
        do { try sys("remove \(file(id))") { unlink(file(id).string) } } catch {
            if error.errno == .noSuchFileOrDirectory { return }
            throw error
        }
        try lock.withLock { _ in try switchOff() }
    }

    /// Finishes what was under way when a process ended.
    func settle() throws {
        try lock.withLock { _ in try switchOff() }
        try removeGroups()
    }

    private func file(_ id: LayerID) -> FilePath { folder.appending(id.description) }

    /// The limit in the layer's file, if it has one.
    private func size(of id: LayerID) throws -> Int64? {
        let bytes: [UInt8]
        do { bytes = try readFile(file(id), limit: 64) } catch let error as SystemError
            where error.errno == .noSuchFileOrDirectory
        { return nil }
        // Whoever writes it by hand ends the line.
        let text = bytes.split(whereSeparator: { [0x20, 0x09, 0x0a, 0x0d].contains($0) })
        guard text.count == 1, let size = Int64(String(decoding: text[0], as: UTF8.self)), size > 0 else {
            let reason = "it must hold the layer's limit in bytes; write that, or delete the file for no limit"
            throw DriverError.damaged(driver: Btrfs.name, file(id), reason: reason)
        }
        return size
    }
}

// Switching on and off; the lock is held.
extension Quotas {
    /// How, and whether, the file system counts what subvolumes hold.
    enum Mode { case off, classic, simple }

    func mode() throws -> Mode {
        let root = try openFolder(home, followingLink: true)
        let found = try sys("look at the quotas of \(home)") { linux_btrfs_quota(root.rawValue) }
        return switch found {
        case CInt(LINUX_BTRFS_QUOTA_OFF): .off
        case CInt(LINUX_BTRFS_QUOTA_SIMPLE): .simple
        default: .classic
        }
    }

    private func switchOn() throws {
        guard try mode() == .off else { return }
        let root = try openFolder(home, followingLink: true)
        let text = "Varve switched quotas on for limited layers, and will switch them off.\n"
        // Before they are on: the next start finds it out if we end in between.
        try writeFile(Array(text.utf8), to: mark, mode: .ownerReadWrite)
        do {
            let isMarked = try sys("look at \(home)") { linux_btrfs_knows_simple_quota(root.rawValue) } == 1
            if isMarked || options.prefersSimple {
                do throws(SystemError) { return try set(LINUX_BTRFS_QUOTA_SIMPLE, root.rawValue) } catch {
                    guard error.errno == .invalidArgument else { throw error }  // a kernel before 6.7
                }
            }
            try set(LINUX_BTRFS_QUOTA_CLASSIC, root.rawValue)
            // A limit holds when what is there was counted.
            try sys("count what is on \(home)") { linux_btrfs_wait_for_quota(root.rawValue) }
        } catch {
            // As it was; the first error is the one to report.
            try? set(LINUX_BTRFS_QUOTA_OFF, root.rawValue)
            unlink(mark.string)
            throw error
        }
    }

    /// Switches quotas off if this driver switched them on, no layer is limited and nobody else has made use of them.
    private func switchOff() throws {
        guard exists(mark), try listFolder(folder).isEmpty else { return }
        let root = try openFolder(home, followingLink: true)
        if try mode() != .off {
            if try hasOtherLimits(root.rawValue) { return }
            try set(LINUX_BTRFS_QUOTA_OFF, root.rawValue)
        }
        try sys("remove \(mark)") { unlink(mark.string) }
    }

    private func set(_ mode: Int, _ root: CInt) throws(SystemError) {
        try sys("switch the quotas of \(home)") { linux_btrfs_set_quota(root, CInt(mode)) }
    }

    /// Whether a subvolume that is not ours is limited, or somebody made groups of groups.
    private func hasOtherLimits(_ root: CInt) throws -> Bool {
        var (group, flags) = (UInt64(0), UInt64(0))
        do throws(SystemError) {
            while true {
                try sys("list the limits on \(home)") { linux_btrfs_next_limit(root, &group, &flags) }
                if group >> 48 != 0 { return true }
                // A deleted subvolume's limit goes with it: none of ours is left otherwise.
                if flags != 0, try sys("look at \(group)", { linux_btrfs_is_linked(root, group) }) == 1 { return true }
            }
        } catch {
            if error.errno == .noSuchFileOrDirectory { return false }
            throw error
        }
    }
}

// Quota groups of deleted subvolumes. Newer kernels (6.10) delete them, some time after; others never do. Which ones to
// delete is noted in an attribute of the home, so that no process needs to wait for that.
extension Quotas {
    private static let name = "trusted.varve.groups"

    /// Notes the groups of subvolumes that are about to be deleted; returns whether there are any.
    func note(_ groups: [UInt64]) throws -> Bool {
        if try mode() == .off { return false }
        try lock.withLock { _ in
            let old = try noted()
            note(old.filter { !groups.contains($0) } + groups, insteadOf: old)
        }
        return true
    }

    /// Deletes the groups that were noted, as far as the kernel lets us by now.
    func removeGroups() throws {
        try lock.withLock { _ in
            let old = try noted()
            if old.isEmpty { return }
            let root = try openFolder(home, followingLink: true)
            note(old.filter { isLeft($0, root.rawValue) }, insteadOf: old)
        }
    }

    private func noted() throws -> [UInt64] {
        let bytes = try extendedAttribute(Self.name, at: home) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { UInt64($0) }
    }

    private func note(_ groups: [UInt64], insteadOf old: [UInt64]) {
        if groups == old { return }
        // As many as an attribute can hold, and on a full disk none: the others are left to the kernel, or to
        // `btrfs qgroup clear-stale`. A layer must go in any case.
        let text = groups.suffix(500).map { String($0) }.joined(separator: " ")
        try? setExtendedAttribute(Self.name, Array(text.utf8), at: home)
    }

    /// Deletes the group if its subvolume is deleted; whether it is still there.
    private func isLeft(_ group: UInt64, _ root: CInt) -> Bool {
        guard linux_btrfs_has_group(root, group) == 1 else { return false }
        return linux_btrfs_is_linked(root, group) == 1 || linux_btrfs_remove_group(root, group) != 0
    }
}
