import Glibc
public import SystemPackage

/// One line of `/proc/<pid>/mountinfo`: a mount that a process sees.
///
/// The format is in `man 5 proc_pid_mountinfo`:
/// `36 35 98:0 /mnt1 /mnt2 rw,noatime shared:1 - ext4 /dev/root rw,errors=continue`
public struct MountInfo: Sendable, Equatable {
    /// The mount's number, unique among those that exist now.
    public let id: Int
    /// The number of the mount it lies on.
    public let parent: Int
    /// The folder of the file system that is its root.
    public let root: FilePath
    /// Where it is.
    public let target: FilePath
    /// The mount's own options: `rw,nosuid`.
    public let options: [String]
    /// The file system type.
    public let type: String
    /// The device, or what it was given in its stead.
    public let source: String
    /// The file system's options: for an overlay its layers, as one `lowerdir=` or as many `lowerdir+=`.
    public let superOptions: [String]

    /// Reads one line; nil where it is not of that format.
    public init?(line: some StringProtocol) {
        let halves = line.components(dividedBy: " - ")
        guard halves.count >= 2 else { return nil }
        let front = halves[0].split(omittingEmptySubsequences: false) { $0 == " " }
        let back = halves[1].split(omittingEmptySubsequences: false) { $0 == " " }
        guard front.count >= 6, back.count >= 2, let id = Int(front[0]), let parent = Int(front[1]) else { return nil }
        self.id = id
        self.parent = parent
        root = FilePath(Self.plain(front[3]))
        target = FilePath(Self.plain(front[4]))
        options = front[5].split { $0 == "," }.map { String($0) }
        type = String(back[0])
        source = Self.plain(back[1])
        superOptions = back.count > 2 ? back[2].split { $0 == "," }.map { Self.plain($0) } : []
    }

    /// The mounts that this process sees, in the order they lie on each other.
    public static func all() throws -> [MountInfo] {
        let path = "/proc/self/mountinfo"
        let file = OwnedDescriptor(try sys("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) })
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = try sys("read \(path)", { read(file.rawValue, &chunk, chunk.count) }), count > 0 {
            bytes += chunk[..<count]
        }
        return bytes.split { $0 == 0x0a }.compactMap { MountInfo(line: String(decoding: $0, as: UTF8.self)) }
    }

    /// Undoes the kernel's `\040`: space, tab, newline and backslash are in octal.
    private static func plain(_ field: some StringProtocol) -> String {
        guard field.utf8.contains(UInt8(ascii: "\\")) else { return String(field) }
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let first = rest.popFirst() {
            let digits = rest.prefix(3)
            if first == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(first)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension StringProtocol {
    /// What is before, between and after `divider`.
    fileprivate func components(dividedBy divider: String) -> [SubSequence] {
        var found: [SubSequence] = []
        var rest = self[...]
        while let range = rest.firstRange(of: divider) {
            found.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return found + [rest]
    }
}
