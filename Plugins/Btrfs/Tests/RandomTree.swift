import CLinux
import Glibc
import Linux
import SystemPackage

/// Always the same numbers for a seed (SplitMix64).
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Changes a tree at random, always the same way for a seed.
struct RandomTree {
    let root: FilePath
    var numbers: Numbers

    /// Few names, so that they meet; some are hard to write down, one is what a send stream calls what has to wait.
    private static let names: [[CChar]] = [
        [0x61, 0], [0x62, 0], [0x63, 0], [0x64, 0], [0x0a, 0x27, 0], [-1, -2, 0], Array("o257-8-0".utf8CString),
    ]

    mutating func act(_ count: Int) { for _ in 0..<count { act() } }

    /// Does one thing; what can't be done is left undone.
    private mutating func act() {
        let (one, other) = (path(), path())
        one.withPlatformString { one in
            other.withPlatformString { other in
                switch number(16) {
                case 0, 1, 2: mkdir(one, 0o755)
                case 3, 4, 5: write(one)
                case 6: unlink(one)
                case 7: if number(3) == 0 { try? removeTree(FilePath(platformString: one)) } else { rmdir(one) }
                case 8: symlink(number(2) == 0 ? "target" : "a/b", one)
                case 9: link(one, other)
                case 10, 11, 12: rename(one, other)
                case 13: exchange(one, other)
                case 14: mknod(one, [S_IFIFO, S_IFCHR, S_IFSOCK].randomElement(using: &numbers) ?? S_IFIFO, 0x103)
                default: change(one)
                }
            }
        }
    }

    private mutating func number(_ count: Int) -> Int { Int.random(in: 0..<count, using: &numbers) }

    private mutating func path() -> FilePath {
        var path = root
        for _ in 0...number(5) {
            let name = Self.names[number(Self.names.count)]
            path = path.pushing(FilePath(platformString: name))
        }
        return path
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
        let bytes = [UInt8](repeating: UInt8(number(256)), count: [1, 5, 5, 9000].randomElement(using: &numbers) ?? 1)
        pwrite(file, bytes, bytes.count, off_t(number(2) * 100_000))
    }

    /// Other attributes, or the same again.
    private mutating func change(_ path: UnsafePointer<CChar>) {
        switch number(6) {
        case 0: chmod(path, [0o700, 0o755, 0o4711].randomElement(using: &numbers) ?? 0o700)
        case 1: lchown(path, uid_t(number(3)), gid_t(number(3)))
        case 2:
            // Times that differ by less than a second, or only in having no parts of one.
            let times = [0, 1].map { _ in timespec(tv_sec: 1000 + number(2), tv_nsec: [0, 0, 7, 8][number(4)]) }
            utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW)
        case 3: truncate(path, off_t(number(3) * 3))
        case 4:
            let value = [UInt8](repeating: 1, count: number(3))
            let key = ["user.a", "user.b", "trusted.c"].randomElement(using: &numbers) ?? "user.a"
            linux_path_setxattr(path, key, value, value.count)
        default:
            // cap_net_raw=ep, revision 2: man 7 capabilities.
            let value: [UInt8] = [1, 0, 0, 2, 0, UInt8(32 << number(2)), 0, 0] + [UInt8](repeating: 0, count: 12)
            linux_path_setxattr(path, "security.capability", value, value.count)
        }
    }
}
