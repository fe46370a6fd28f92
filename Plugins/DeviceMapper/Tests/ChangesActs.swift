import CLinux
import Glibc
import Linux
import SystemPackage

/// Changes a tree at random, always the same way for a seed.
struct RandomActs: RandomNumberGenerator {
    let root: FilePath
    var state: UInt64

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Few names, so that they meet; some are hard to write down, one is what `/proc` says of a deleted folder.
    private static let names: [[CChar]] = [
        [0x61, 0], [0x62, 0], [0x63, 0], [0x0a, 0x5c, 0], [-1, -2, 0], Array("x (deleted)".utf8CString),
    ]

    mutating func act(_ count: Int) { for _ in 0..<count { act() } }

    /// Folders and files enough for several blocks of inodes.
    mutating func fill(_ folders: Int) {
        for number in 0..<folders {
            let folder = root.appending("f\(number % 5)").appending("g\(number)")
            try? makeFolders(folder, mode: FilePermissions(rawValue: 0o755))
            for file in 0..<self.number(30) { write(folder.appending("\(file)").string) }
        }
    }

    /// Does one thing; what can't be done is left undone.
    private mutating func act() {
        let (one, other) = (path(), path())
        one.withPlatformString { one in
            other.withPlatformString { other in
                switch number(18) {
                case 0, 1, 2: mkdir(one, 0o755)
                case 3, 4, 5: write(one)
                case 6: unlink(one)
                case 7: if number(3) == 0 { try? removeTree(FilePath(platformString: one)) } else { rmdir(one) }
                case 8: symlink(number(2) == 0 ? "target" : "a/b", one)
                case 9, 10: link(one, other)
                case 11, 12: rename(one, other)
                case 13: exchange(one, other)
                case 14: mknod(one, [S_IFIFO, S_IFCHR, S_IFSOCK].randomElement(using: &self) ?? S_IFIFO, 0x103)
                case 15: map(one)
                default: change(one)
                }
            }
        }
    }

    private mutating func number(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    private mutating func path() -> FilePath {
        // Often what `fill` made, which has inodes in many blocks.
        if number(3) == 0 {
            let folder = number(40)
            let path = root.appending("f\(folder % 5)").appending("g\(folder)")
            return number(4) == 0 ? path : path.appending("\(number(30))")
        }
        return (0...number(5)).reduce(root) { path, _ in
            path.pushing(FilePath(platformString: Self.names[number(Self.names.count)]))
        }
    }

    private func exchange(_ one: UnsafePointer<CChar>, _ other: UnsafePointer<CChar>) {
        let aside = root.appending("aside").string
        if rename(one, aside) != 0 { return }
        if rename(other, one) == 0 { rename(aside, other) } else { rename(aside, one) }
    }

    private mutating func write(_ path: UnsafePointer<CChar>) {
        let flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | (number(2) == 0 ? O_TRUNC : 0)
        let file = open(path, flags, 0o644)
        guard file >= 0 else { return }
        defer { close(file) }
        let bytes = [UInt8](repeating: UInt8(number(256)), count: [1, 5, 5, 9000].randomElement(using: &self) ?? 1)
        pwrite(file, bytes, bytes.count, off_t(number(4) / 3 * 100_000))
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
        switch number(6) {
        case 0: chmod(path, [0o700, 0o755, 0o4711].randomElement(using: &self) ?? 0o700)
        case 1: lchown(path, uid_t(number(3)), gid_t(number(3)))
        case 2:
            let times = [0, 1].map { _ in timespec(tv_sec: 1000 + number(2), tv_nsec: [0, 0, 7, 8][number(4)]) }
            utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW)
        case 3: truncate(path, off_t(number(3) * 3))
        case 4:
            // The large ones do not fit into an inode; ext4 shares their block between files.
            let value = [UInt8](repeating: UInt8(number(2)), count: [0, 3, 700][number(3)])
            let key = ["user.a", "user.b", "trusted.c"].randomElement(using: &self) ?? "user.a"
            linux_path_setxattr(path, key, value, value.count)
        default:
            // cap_net_raw=ep, revision 2: man 7 capabilities.
            let value: [UInt8] = [1, 0, 0, 2, 0, UInt8(32 << number(2)), 0, 0] + [UInt8](repeating: 0, count: 12)
            linux_path_setxattr(path, "security.capability", value, value.count)
        }
    }
}
