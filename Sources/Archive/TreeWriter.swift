import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

/// Writes files of a tree as members of a tar: owners, modes, times, attributes, hard links, devices.
///
/// The tree may be in use: what vanishes is left out, what grows is cut, what shrinks is filled with zeros, so the tar is
/// whole in any case. No link is followed.
final class TreeWriter {
    private struct Inode: Hashable {
        let device: dev_t
        let number: ino_t
    }

    private let output: ArchiveOutput
    private var links: [Inode: [UInt8]] = [:]
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    /// Whose ids the tar has; nil: the host's.
    private let owners: OwnerMap?

    init(_ sink: any ByteSink, owners: OwnerMap? = nil) throws {
        output = try ArchiveOutput(sink)
        self.owners = owners
    }

    func finish() throws { try output.finish() }

    /// A member that says that `path` of the lower layers is gone.
    func addWhiteout(_ path: [UInt8]) throws {
        try output.add { entry in
            setName(entry, path)
            archive_entry_set_mode(entry, S_IFREG)
            archive_entry_set_size(entry, 0)
            archive_entry_set_mtime(entry, 0, 0)
        }
    }

    /// Adds `name` of the open `folder` under `path`. False if nothing is there any more, or a tar can't have it.
    func add(_ name: UnsafePointer<CChar>, in folder: CInt, _ status: stat, as path: [UInt8]) throws -> Bool {
        let type = status.st_mode & S_IFMT
        guard type != S_IFSOCK else { return false }
        guard type != S_IFDIR, status.st_nlink > 1 else { return try addContent(name, in: folder, status, path) }
        let inode = Inode(device: status.st_dev, number: status.st_ino)
        if let first = links[inode] {
            try addLink(to: first, status, path)
            return true
        }
        // Only what is in the tar can be linked to.
        guard try addContent(name, in: folder, status, path) else { return false }
        links[inode] = path
        return true
    }

    private func addLink(to first: [UInt8], _ status: stat, _ path: [UInt8]) throws {
        try output.add { entry in
            describe(entry, status, path)
            archive_entry_set_size(entry, 0)
            (first + [0]).withUnsafeBytes {
                archive_entry_copy_hardlink(entry, $0.bindMemory(to: CChar.self).baseAddress)
            }
        }
    }

    private func addContent(
        _ name: UnsafePointer<CChar>,
        in folder: CInt,
        _ status: stat,
        _ path: [UInt8]
    ) throws -> Bool {
        let type = status.st_mode & S_IFMT
        let text = String(decoding: path, as: UTF8.self)
        let attributes = try extendedAttributes(of: name, in: folder, text).compactMap(portable)
        if type == S_IFREG { return try addFile(name, in: folder, attributes, path) }
        var target: [CChar] = []
        if type == S_IFLNK {
            guard let read = try readLink(name, in: folder, text) else { return false }
            target = read
        }
        try output.add { entry in
            describe(entry, status, path)
            set(attributes, entry)
            if type == S_IFLNK { target.withUnsafeBufferPointer { archive_entry_copy_symlink(entry, $0.baseAddress) } }
            if type == S_IFCHR || type == S_IFBLK {
                archive_entry_set_rdevmajor(entry, dev_t(linux_major(status.st_rdev)))
                archive_entry_set_rdevminor(entry, dev_t(linux_minor(status.st_rdev)))
            }
        }
        return true
    }

    private func addFile(
        _ name: UnsafePointer<CChar>,
        in folder: CInt,
        _ attributes: [ExtendedAttribute],
        _ path: [UInt8]
    ) throws -> Bool {
        let text = String(decoding: path, as: UTF8.self)
        guard let file = try openFile(name, in: folder, text) else { return false }
        defer { close(file) }
        var status = stat()
        try sys("look at \(text)") { fstat(file, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else { return false }
        try output.add { entry in
            describe(entry, status, path)
            set(attributes, entry)
        }
        var left = Int(status.st_size)
        while left > 0 {
            let most = min(left, buffer.count)
            var count = try sys("read \(text)") { read(file, &buffer, most) }
            if count == 0 {
                for index in 0..<most { buffer[index] = 0 }
                count = most
            }
            try buffer.withUnsafeBytes { try output.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            left -= count
        }
        return true
    }

    /// Nil where no file is there any more.
    private func openFile(_ name: UnsafePointer<CChar>, in folder: CInt, _ text: String) throws -> CInt? {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        do throws(SystemError) { return try sys("open \(text)") { openat(folder, name, flags) } } catch {
            let isOther = [Errno(rawValue: ENXIO), Errno(rawValue: ENODEV)].contains(error.errno)
            if error.saysNoFolder || isOther { return nil }
            throw error
        }
    }

    /// Nil where no link is there any more.
    private func readLink(_ name: UnsafePointer<CChar>, in folder: CInt, _ text: String) throws -> [CChar]? {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        do throws(SystemError) {
            let count = try sys("read link \(text)") { readlinkat(folder, name, &target, Int(PATH_MAX)) }
            return Array(target[..<count]) + [0]
        } catch {
            if error.saysNoFolder || error.errno == .invalidArgument { return nil }
            throw error
        }
    }

    /// What has a meaning on another host. Ids of other user name spaces do not, so capabilities lose theirs (as Docker).
    private func portable(_ attribute: ExtendedAttribute) -> ExtendedAttribute? {
        guard isCarried(attribute) else { return nil }
        guard attribute.key == "security.capability" else { return attribute }
        guard attribute.value.count == 24, attribute.value[3] == 3 else { return attribute }
        var value = Array(attribute.value.prefix(20))
        value[3] = 2
        return ExtendedAttribute(attribute.key, value)
    }

    private func describe(_ entry: OpaquePointer, _ status: stat, _ path: [UInt8]) {
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        setName(entry, isFolder ? path + [0x2f] : path)
        archive_entry_set_mode(entry, status.st_mode)
        let owner = owners?.inside(status) ?? (user: status.st_uid, group: status.st_gid)
        archive_entry_set_uid(entry, Int64(owner.user))
        archive_entry_set_gid(entry, Int64(owner.group))
        Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: status.st_mtim.tv_nsec).set(entry)
        archive_entry_set_size(entry, status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : 0)
    }

    private func setName(_ entry: OpaquePointer, _ path: [UInt8]) {
        (path + [0]).withUnsafeBytes { archive_entry_copy_pathname(entry, $0.bindMemory(to: CChar.self).baseAddress) }
    }

    private func set(_ attributes: [ExtendedAttribute], _ entry: OpaquePointer) {
        for attribute in attributes {
            attribute.value.withUnsafeBytes {
                archive_entry_xattr_add_entry(entry, attribute.key, $0.baseAddress, $0.count)
            }
        }
    }
}
