/// A POSIX access control list, as the kernel takes and keeps it: `linux/posix_acl_xattr.h`.
struct AccessList {
    private enum Tag: UInt16 { case owner = 1, user = 2, group = 4, otherGroup = 8, mask = 16, others = 32 }
    private var entries: [(tag: Tag, rights: UInt16, id: UInt32)] = []

    /// Reads version 2; nil where the kernel would refuse it: each part once and in its place, a mask where somebody is named.
    init?(_ bytes: [UInt8]) {
        guard (bytes.count - 4) % 8 == 0 else { return nil }
        func number(_ start: Int, _ count: Int) -> UInt32 {
            (0..<count).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
        }
        for start in stride(from: 4, to: bytes.count, by: 8) {
            guard let tag = Tag(rawValue: UInt16(number(start, 2))), case let rights = number(start + 2, 2), rights < 8
            else { return nil }
            let id = number(start + 4, 4)
            if tag == .user || tag == .otherGroup, id == UInt32.max { return nil }
            if let last = entries.last?.tag, last.rawValue > tag.rawValue { return nil }
            entries.append((tag, UInt16(rights), id))
        }
        func count(_ tag: Tag) -> Int { entries.count { $0.tag == tag } }
        let isNamed = count(.user) + count(.otherGroup) > 0
        let isWhole = [.owner, .group, .others].allSatisfy { count($0) == 1 } && count(.mask) <= 1
        guard entries.isEmpty || (isWhole && (count(.mask) == 1 || !isNamed)) else { return nil }
    }

    /// The bytes; nil for a list of nobody.
    func encoded() -> [UInt8]? {
        if entries.isEmpty { return nil }
        var bytes: [UInt8] = []
        bytes.append(UInt32(2))
        for entry in entries {
            bytes.append(entry.tag.rawValue)
            bytes.append(entry.rights)
            bytes.append(entry.id)
        }
        return bytes
    }

    /// The bytes as they are after `chmod`: owner, mask (or group) and others as in the mode; nil where the list says no more
    /// than the mode.
    func encoded(mode: UInt32) -> [UInt8]? {
        guard entries.contains(where: { ![.owner, .group, .others].contains($0.tag) }) else { return nil }
        var list = self
        let hasMask = entries.contains { $0.tag == .mask }
        for (index, entry) in entries.enumerated() {
            switch entry.tag {
            case .owner: list.entries[index].rights = UInt16(mode >> 6 & 7)
            case .mask: list.entries[index].rights = UInt16(mode >> 3 & 7)
            case .group where !hasMask: list.entries[index].rights = UInt16(mode >> 3 & 7)
            case .others: list.entries[index].rights = UInt16(mode & 7)
            default: break
            }
        }
        return list.encoded()
    }
}
