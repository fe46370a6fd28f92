import Glibc
import Linux
package import OCI

/// A user or a group that a container's files do not name.
package struct AccountError: Error, CustomStringConvertible {
    package let description: String
}

/// Who the process shall be, resolved in the container's own `/etc/passwd` and `/etc/group`, by Docker's rules.
package struct Accounts {
    package var uid: UInt32 = 0
    package var gid: UInt32 = 0
    package var groups: [UInt32] = []
    package var home = "/"

    private struct User { var name, home: String, uid, gid: UInt32 }
    private struct Group { var name: String, gid: UInt32, members: [String] }

    /// `text` is `user[:group]`, names or numbers; empty means `fallback`'s numbers. `open` opens a file of the container to
    /// be read, where there is one. If `isExact`, the fallback's groups are all groups.
    package init(
        _ text: String,
        adding more: [String] = [],
        fallback: RuntimeUser? = nil,
        isExact: Bool = false,
        open: (String) -> CInt
    ) throws(AccountError) {
        let users = Self.lines(open("/etc/passwd"), 7).compactMap { fields -> User? in
            guard let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { return nil }
            return User(name: fields[0], home: fields[5].isEmpty ? "/" : fields[5], uid: uid, gid: gid)
        }
        let known = Self.lines(open("/etc/group"), 4).compactMap { fields -> Group? in
            guard let gid = UInt32(fields[2]) else { return nil }
            return Group(name: fields[0], gid: gid, members: fields[3].split(separator: ",").map(String.init))
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts.first ?? ""
        var member: String?
        if name.isEmpty {
            uid = fallback?.uid ?? 0
            gid = fallback?.gid ?? 0
            groups = fallback?.additionalGids ?? []
            if let user = users.first(where: { $0.uid == uid }) { (home, member) = (user.home, user.name) }
        } else if let user = try Self.find(name, in: users) {
            (uid, gid, home, member) = (user.uid, user.gid, user.home, user.name)
        } else {
            uid = try Self.number(name, "user", "passwd")
        }
        if isExact { return }
        if parts.count == 2 && !parts[1].isEmpty {
            gid = try Self.group(parts[1], in: known)
            member = nil
        }
        groups += known.filter { $0.members.contains(member ?? "") }.map(\.gid)
        for extra in more { groups.append(try Self.group(extra, in: known)) }
        if !groups.contains(gid) { groups.insert(gid, at: 0) }
    }

    private static func find(_ name: String, in users: [User]) throws(AccountError) -> User? {
        // A number is never a name.
        if let number = UInt64(name) { return users.first { UInt64($0.uid) == number } }
        guard let user = users.first(where: { $0.name == name }) else {
            throw AccountError(description: "unable to find user \(name): no matching entries in passwd file")
        }
        return user
    }

    private static func group(_ name: String, in known: [Group]) throws(AccountError) -> UInt32 {
        if let group = known.first(where: { $0.name == name }) { return group.gid }
        return try number(name, "group", "group")
    }

    /// Ids beyond 2³¹−1 would wrap around to somebody else's (CVE-2024-40635).
    private static func number(_ text: String, _ kind: String, _ file: String) throws(AccountError) -> UInt32 {
        guard let number = Int64(text) else {
            throw AccountError(description: "unable to find \(kind) \(text): no matching entries in \(file) file")
        }
        guard (0...Int64(Int32.max)).contains(number) else {
            throw AccountError(description: "uids and gids must be in range 0-2147483647")
        }
        return UInt32(number)
    }

    /// The fields of each line of an image's file; nothing where it is no regular file, or longer than anyone needs.
    private static func lines(_ descriptor: CInt, _ count: Int) -> [[String]] {
        guard descriptor >= 0 else { return [] }
        let file = OwnedDescriptor(descriptor)
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size < 8 << 20 else {
            return []
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let length = bytes.withUnsafeMutableBytes { read(file.rawValue, $0.baseAddress, $0.count) }
        return bytes.prefix(max(0, length)).split(separator: UInt8(ascii: "\n")).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            return fields.count >= count ? fields.map { String(decoding: $0, as: UTF8.self) } : nil
        }
    }
}
