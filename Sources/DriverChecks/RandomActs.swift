import CLinux
import Glibc
import Linux
package import SystemPackage

/// Changes a tree by all that programs do, always the same way for a seed.
///
/// For proving what a driver tells of changes against a comparison of the trees: what can't be done is left undone.
package struct RandomActs {
    /// Where the tree is.
    package let root: FilePath
    /// The next tree's acts go on from here.
    package var numbers: Numbers
    /// How many folders `fill` made: then half of what is changed is there.
    private var filled = 0

    /// Acts on the tree at `root`.
    package init(root: FilePath, numbers: Numbers, filled: Int = 0) {
        self.root = root
        self.numbers = numbers
        self.filled = filled
    }

    /// Few names, so that they meet; some are hard to write down, one is what a send stream calls what has to wait, one
    /// what `/proc` says of a deleted folder.
    private static let names: [[CChar]] = [
        [0x61, 0], [0x62, 0], [0x63, 0], [0x0a, 0x27, 0x5c, 0], [-1, -2, 0], Array("o257-8-0".utf8CString),
        Array("x (deleted)".utf8CString),
    ]

    /// Does so many things.
    package mutating func act(_ count: Int) { for _ in 0..<count { act() } }

    /// Makes folders and files, enough for several blocks of inodes.
    package mutating func fill(_ folders: Int) {
        filled = folders
        for number in 0..<folders {
            let folder = folder(number)
            try? makeFolders(folder, mode: FilePermissions(rawValue: 0o755))
            for file in 0..<numbers.below(30) { write(folder.appending("\(file)").string) }
        }
    }

    private mutating func act() {
        let (one, other) = (path(), path())
        one.withPlatformString { one in
            other.withPlatformString { other in
                switch numbers.below(18) {
                case 0, 1, 2: mkdir(one, 0o755)
                case 3, 4, 5: write(one)
                case 6: unlink(one)
                case 7: if numbers.below(3) == 0 { try? removeTree(FilePath(platformString: one)) } else { rmdir(one) }
                case 8: symlink(numbers.below(2) == 0 ? "target" : "a/b", one)
                case 9: link(one, other)
                case 10, 11, 12: rename(one, other)
                case 13: exchange(one, other)
                case 14: mknod(one, numbers.one(of: [S_IFIFO, S_IFCHR, S_IFSOCK]), 0x103)
                case 15: map(one)
                default: change(one)
                }
            }
        }
    }

    private func folder(_ number: Int) -> FilePath { root.appending("f\(number % 5)").appending("g\(number)") }

    private mutating func path() -> FilePath {
        // Often what `fill` made, which has inodes in many blocks.
        if filled > 0, numbers.below(3) == 0 {
            let folder = folder(numbers.below(filled))
            return numbers.below(4) == 0 ? folder : folder.appending("\(numbers.below(30))")
        }
        return (0...numbers.below(5)).reduce(root) { path, _ in
            path.pushing(FilePath(platformString: numbers.one(of: Self.names)))
        }
    }

    private func exchange(_ one: UnsafePointer<CChar>, _ other: UnsafePointer<CChar>) {
        let aside = root.appending("aside").string
        if rename(one, aside) != 0 { return }
        if rename(other, one) == 0 { rename(aside, other) } else { rename(aside, one) }
    }

    private mutating func write(_ path: UnsafePointer<CChar>) {
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | (numbers.below(2) == 0 ? O_TRUNC : 0)
        let file = open(path, flags, 0o644)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = [UInt8](repeating: UInt8(numbers.below(256)), count: numbers.one(of: [1, 5, 5, 9000]))
        pwrite(file, bytes, bytes.count, off_t(numbers.below(4) / 3 * 100_000))
    }

    /// Writes to memory that is a file, which may not be written back for a while.
    private func map(_ path: UnsafePointer<CChar>) {
        let file = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        guard size > 0, let memory = mmap(nil, 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), memory != MAP_FAILED
        else { return }
        memory.storeBytes(of: 0x21, as: UInt8.self)
        munmap(memory, 1)
    }

    /// Other attributes, or the same again.
    private mutating func change(_ path: UnsafePointer<CChar>) {
        switch numbers.below(6) {
        case 0: chmod(path, numbers.one(of: [0o700, 0o755, 0o4711]))
        case 1: lchown(path, uid_t(numbers.below(3)), gid_t(numbers.below(3)))
        case 2:
            // Times that differ by less than a second, or only in having no parts of one.
            let times = [0, 1].map { _ in
                timespec(tv_sec: 1000 + numbers.below(2), tv_nsec: numbers.one(of: [0, 0, 7, 8]))
            }
            utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW)
        case 3: truncate(path, off_t(numbers.below(3) * 3))
        case 4:
            // The large ones do not fit into an inode; ext4 shares their block between files.
            let value = [UInt8](repeating: UInt8(numbers.below(2)), count: numbers.one(of: [0, 1, 3, 700]))
            linux_path_setxattr(path, numbers.one(of: ["user.a", "user.b", "trusted.c"]), value, value.count)
        default:
            // cap_net_raw=ep, revision 2: man 7 capabilities.
            let value: [UInt8] =
                [1, 0, 0, 2, 0, UInt8(32 << numbers.below(2)), 0, 0] + [UInt8](repeating: 0, count: 12)
            linux_path_setxattr(path, "security.capability", value, value.count)
        }
    }
}
