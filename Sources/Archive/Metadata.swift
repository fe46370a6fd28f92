import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

/// What a member's header says besides type, name and content.
struct Metadata {
    let user: uid_t
    let group: gid_t
    let mode: mode_t
    let modified: Timestamp
    let attributes: [ExtendedAttribute]

    /// Reads the header of the member `path`; owners that are no 32-bit number are refused: they would wrap to root.
    init(_ entry: OpaquePointer, _ path: MemberPath) throws {
        guard let user = uid_t(exactly: archive_entry_uid(entry)), user != uid_t.max,
            let group = gid_t(exactly: archive_entry_gid(entry)), group != gid_t.max
        else { throw ArchiveError.damaged(reason: "member \(path.text) has an owner that is no 32-bit number") }
        self.user = user
        self.group = group
        mode = archive_entry_mode(entry) & 0o7777
        modified = Timestamp(ofMember: entry)
        attributes = archive_entry_xattr_count(entry) == 0 ? [] : Self.attributes(entry)
    }

    private static func attributes(_ entry: OpaquePointer) -> [ExtendedAttribute] {
        var found: [ExtendedAttribute] = []
        archive_entry_xattr_reset(entry)
        var key: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK, let key {
            let name = String(cString: key)
            // They would steer overlayfs: whiteouts, redirects to other layers, data from elsewhere.
            if name.hasPrefix("trusted.overlay.") { continue }
            found.append(ExtendedAttribute(name, Array(UnsafeRawBufferPointer(start: value, count: size))))
        }
        return found
    }

    /// Takes away the attributes that a layer carries and this member has not: those of a folder that was there, and lists
    /// that a new file got from its folder. An empty name means the open folder itself.
    func clearOthers(_ name: UnsafePointer<CChar>, in folder: CInt, _ path: MemberPath) throws {
        for other in try extendedAttributes(of: name, in: folder, path.text) where isCarried(other) {
            if attributes.contains(where: { $0.key == other.key }) { continue }
            try sys("remove \(other.key) of \(path.text)") { linux_remove_xattr(folder, name, other.key) }
        }
    }

    /// Sets everything on an open file or folder. The owner comes before attributes and mode: changing it clears
    /// setuid and capabilities. `isNew` says that it is root's still.
    func apply(to descriptor: CInt, isNew: Bool, times: Bool = true, _ path: MemberPath) throws {
        if !isNew || user != 0 || group != 0 {
            try sys("set the owner of \(path.text)") { fchown(descriptor, user, group) }
        }
        for attribute in attributes {
            try set(attribute, path) { linux_fset_xattr(descriptor, attribute.key, $0, attribute.value.count) }
        }
        try sys("set the mode of \(path.text)") { fchmod(descriptor, mode) }
        if times { try setTimes(descriptor, "", path) }
    }

    /// Sets everything on what cannot be opened: a link, a device, a pipe.
    func apply(to name: UnsafePointer<CChar>, in folder: CInt, isLink: Bool, _ path: MemberPath) throws {
        try sys("set the owner of \(path.text)") { fchownat(folder, name, user, group, AT_SYMLINK_NOFOLLOW) }
        for attribute in attributes {
            try set(attribute, path) { linux_set_xattr(folder, name, attribute.key, $0, attribute.value.count) }
        }
        if !isLink { try sys("set the mode of \(path.text)") { fchmodat(folder, name, mode, AT_SYMLINK_NOFOLLOW) } }
        try setTimes(folder, name, path)
    }

    private func setTimes(_ folder: CInt, _ name: UnsafePointer<CChar>, _ path: MemberPath) throws {
        let (seconds, nanoseconds) = (modified.seconds, modified.nanoseconds)
        try sys("set the times of \(path.text)") {
            linux_set_times(folder, name, seconds, nanoseconds, seconds, nanoseconds)
        }
    }

    private func set(_ attribute: ExtendedAttribute, _ path: MemberPath, _ call: (UnsafeRawPointer?) -> CInt) throws {
        do {
            try sys("set \(attribute.key) of \(path.text)") { attribute.value.withUnsafeBytes { call($0.baseAddress) } }
        } catch {
            // A file system without attributes, or one that has none on links, loses them, as with Docker; what a
            // program may do is not lost in silence.
            let isOptional = attribute.key != "security.capability"
            guard isOptional, [.notSupported, .notPermitted].contains(error.errno) else { throw error }
        }
    }
}
