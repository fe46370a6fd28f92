import CArchive
import CLinux
import Glibc
import Linux

/// The owners of a tree that a user namespace shows under other ids: inside those that an archive names, outside those that
/// the host sees and sets.
package struct OwnerMap: Sendable {
    /// Ids that follow each other on both sides.
    package struct Range: Sendable {
        let inside, outside, count: UInt32

        package init(inside: UInt32, outside: UInt32, count: UInt32) {
            (self.inside, self.outside, self.count) = (inside, outside, count)
        }
    }

    private let users, groups: [Range]
    /// What the kernel shows where there is no id. (man 7 user_namespaces)
    private static let nobody: UInt32 = 65534

    package init(users: [Range], groups: [Range]) { (self.users, self.groups) = (users, groups) }

    /// What an archive calls the owner of a file.
    func inside(_ status: stat) -> (user: UInt32, group: UInt32) {
        (Self.inside(status.st_uid, users), Self.inside(status.st_gid, groups))
    }

    private static func inside(_ id: UInt32, _ ranges: [Range]) -> UInt32 {
        for range in ranges where id >= range.outside && id - range.outside < range.count {
            return range.inside + (id - range.outside)
        }
        return nobody
    }

    private static func outside(_ id: Int64, _ ranges: [Range]) -> UInt32? {
        guard let id = UInt32(exactly: id) else { return nil }
        for range in ranges where id >= range.inside && id - range.inside < range.count {
            return range.outside + (id - range.inside)
        }
        return nil
    }

    /// Gives a member the owner outside; its capabilities become those of the namespace's root.
    func toOutside(_ entry: OpaquePointer, _ path: MemberPath) throws {
        guard let user = Self.outside(archive_entry_uid(entry), users),
            let group = Self.outside(archive_entry_gid(entry), groups)
        else { throw ArchiveError.damaged(reason: "member \(path.text) has an owner that the container can't have") }
        archive_entry_set_uid(entry, Int64(user))
        archive_entry_set_gid(entry, Int64(group))
        guard archive_entry_xattr_count(entry) > 0, let root = Self.outside(0, users) else { return }
        var all: [(String, [UInt8])] = []
        var (key, value, size) = (UnsafePointer<CChar>?.none, UnsafeRawPointer?.none, 0)
        archive_entry_xattr_reset(entry)
        while archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK, let key {
            let bytes = Array(UnsafeRawBufferPointer(start: value, count: size))
            all.append((String(cString: key), bytes))
        }
        archive_entry_xattr_clear(entry)
        for (key, value) in all {
            let kept = key == "security.capability" ? Self.capability(value, of: root) : value
            kept.withUnsafeBytes { archive_entry_xattr_add_entry(entry, key, $0.baseAddress, $0.count) }
        }
    }

    /// Version 2 of the attribute, which is the host's root's, as version 3, which names one. (man 7 capabilities)
    private static func capability(_ value: [UInt8], of root: UInt32) -> [UInt8] {
        guard value.count == 20, value[3] == 2 else { return value }
        var value = value
        value[3] = 3
        return value + (0..<4).map { UInt8(truncatingIfNeeded: root >> (8 * $0)) }
    }

    /// Does `body` as the namespace's root, with all rights: nobody else could make files in such a tree.
    func asRoot<T>(_ body: () throws -> T) throws -> T {
        guard let user = Self.outside(0, users), let group = Self.outside(0, groups) else { return try body() }
        try sys("act as \(user)") { linux_make_as(user, group) }
        defer { linux_make_as(0, 0) }
        return try body()
    }
}
