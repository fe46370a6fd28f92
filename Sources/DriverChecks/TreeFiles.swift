import Archive
import CLinux
import Glibc
import Linux
import SystemPackage

// A tree's files by descriptor, as programs in containers have them open.

extension Tree {
    func open(_ name: String, _ flags: CInt, mode: UInt32 = 0o644) throws -> OwnedDescriptor {
        let path = path(name).string
        return OwnedDescriptor(try sys("open \(name)") { Glibc.open(path, flags | O_CLOEXEC, mode) })
    }

    func status(_ name: String) throws -> stat {
        var status = stat()
        let path = path(name).string
        try sys("look at \(name)") { lstat(path, &status) }
        return status
    }

    /// Writes at the end of what is there.
    func append(_ name: String, _ text: String) throws {
        let file = try open(name, O_WRONLY | O_APPEND)
        try write(text, to: file)
    }

    /// Overwrites in place, without making the file anew.
    func overwrite(_ name: String, _ text: String, at offset: Int = 0) throws {
        let file = try open(name, O_WRONLY)
        let bytes = Array(text.utf8)
        let count = try sys("write \(name)") { pwrite(file.rawValue, bytes, bytes.count, off_t(offset)) }
        try expectEqual(count, bytes.count, "bytes written to \(name)")
    }

    func truncate(_ name: String, _ size: Int) throws {
        let path = path(name).string
        try sys("set the size of \(name)") { Glibc.truncate(path, off_t(size)) }
    }

    /// Renames, or copies and deletes where the kernel says that these are two devices: as `mv` does.
    func move(_ old: String, to new: String) throws {
        do { try rename(old, to: new) } catch let error as SystemError where error.errno == .improperLink {
            try copyTree(path(old), to: path(new))
            try remove(old)
        }
    }

    /// Gives each file a time of its own, long ago.
    ///
    /// The kernel's clock stands still for milliseconds: what a check writes next could get the time that is there, and
    /// by size and time be no change.
    func age() throws {
        var number = 0
        try walkTree(root) { entry in
            number += 1
            let (folder, seconds) = (entry.folder, Int64(1_600_000_000 + number))
            try sys("set the times of \(entry.path)") {
                entry.name.withCString { linux_set_times(folder, $0, seconds, number, seconds, number) }
            }
        }
    }

    /// Many empty files with these names in one folder, at the least cost.
    func files(in folder: String, _ names: some Sequence<String>) throws {
        let folder = try open(folder, O_RDONLY | O_DIRECTORY)
        for name in names {
            close(try sys("create \(name)") { openat(folder.rawValue, name, O_CREAT | O_EXCL | O_WRONLY, 0o644) })
        }
    }
}

extension Tree {
    /// Deletes the files of `folder` whose names end with an even digit, each when the listing comes to it.
    ///
    /// - Returns: how many names the listing had; each must come once.
    func deleteEvenOnes(in folder: String) throws -> Int {
        guard let stream = opendir(path(folder).string) else { throw SystemError("list \(folder)", .ioError) }
        defer { closedir(stream) }
        var count = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            count += 1
            guard let last = name.utf8.last, last.isMultiple(of: 2) else { continue }
            try sys("delete \(name)") { unlinkat(dirfd(stream), name, 0) }
        }
        return count
    }
}

func write(_ text: String, to file: borrowing OwnedDescriptor) throws {
    let bytes = Array(text.utf8)
    let descriptor = file.rawValue
    let count = try sys("write") { Glibc.write(descriptor, bytes, bytes.count) }
    try expectEqual(count, bytes.count, "bytes written")
}

/// All that an open file holds from its start.
func text(of file: borrowing OwnedDescriptor) throws -> String {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let descriptor = file.rawValue
    let count = try sys("read") { pread(descriptor, &bytes, bytes.count, 0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
}
