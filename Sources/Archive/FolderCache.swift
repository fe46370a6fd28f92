import CArchive
import CLinux
import Glibc
import Linux
import SystemPackage

/// The folder that the last member went to, kept open: members come folder by folder.
struct FolderCache {
    private let root: CInt
    private var descriptor: CInt = -1
    private var path: [UInt8] = []
    private var isStale = true
    /// New files in the open folder take its group (its setgid bit) or its default access control list: what a member does
    /// not have then needs to be taken away.
    private(set) var givesAttributes = false
    private let rootGivesAttributes: Bool

    init(root: CInt) {
        self.root = root
        rootGivesAttributes = Self.givesAttributes(root)
    }

    /// Closes what is open; to be called once, at the end.
    mutating func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        isStale = true
    }

    /// The open folder may not be what its path says any more. It stays open until the next one is asked for.
    mutating func invalidate() { isStale = true }

    /// Keeps `folder`, whose path is `path`; it is closed here.
    mutating func adopt(_ folder: CInt, _ path: [UInt8]) {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = folder
        self.path = path
        isStale = false
        givesAttributes = Self.givesAttributes(folder)
    }

    /// The folder that `member` lies in, valid until the next call; made, mode 0755, with those above where missing.
    mutating func folder(of member: MemberPath) throws -> CInt {
        if member.isTop {
            givesAttributes = rootGivesAttributes
            return root
        }
        if !isStale, member.isIn(path) {
            givesAttributes = Self.givesAttributes(descriptor)
            return descriptor
        }
        let found = try open(member) ?? make(member)
        adopt(found, Array(member.folder))
        return found
    }

    /// The folder that `member` lies in, or nil if there is none; valid until the next call.
    mutating func existingFolder(of member: MemberPath) throws -> CInt? {
        if member.isTop { return root }
        if !isStale, member.isIn(path) { return descriptor }
        guard let found = try open(member) else { return nil }
        adopt(found, Array(member.folder))
        return found
    }

    private func open(_ member: MemberPath) throws -> CInt? {
        do {
            return try sys("open the folder of \(member.text)") {
                member.withFolder { linux_open_in_root(root, $0, UInt64(O_RDONLY | O_DIRECTORY)) }
            }
        } catch {
            if error.errno == .noSuchFileOrDirectory { return nil }
            throw error
        }
    }

    private func make(_ member: MemberPath) throws -> CInt {
        var parent = try sys("duplicate a descriptor") { fcntl(root, F_DUPFD_CLOEXEC, 0) }
        for folder in member.folders {
            let next = Result { try Self.makeFolder(folder, root, parent, member) }
            Glibc.close(parent)
            parent = try next.get()
        }
        return parent
    }

    private static func makeFolder(
        _ folder: ArraySlice<UInt8>,
        _ root: CInt,
        _ parent: CInt,
        _ member: MemberPath
    ) throws -> CInt {
        let whole = folder.map { CChar(bitPattern: $0) } + [0]
        let name = folder.suffix(while: { $0 != 0x2f }).map { CChar(bitPattern: $0) } + [0]
        let isNew = mkdirat(parent, name, 0o700) == 0
        // Reported here if it could not be made: through a link it may well be there already.
        let made = try sys("make the folder of \(member.text)") {
            linux_open_in_root(root, whole, UInt64(O_RDONLY | O_DIRECTORY))
        }
        // By its descriptor: in a running container the name may be a link to anywhere by now.
        do { if isNew { try sys("set the mode of a folder of \(member.text)") { fchmod(made, 0o755) } } } catch {
            Glibc.close(made)
            throw error
        }
        return made
    }

    private static func givesAttributes(_ folder: CInt) -> Bool {
        var status = stat()
        if fstat(folder, &status) != 0 || status.st_mode & 0o2000 != 0 { return true }
        return linux_get_xattr(folder, "", "system.posix_acl_default", nil, 0) > 0
    }
}

extension BidirectionalCollection {
    /// The longest end in which `predicate` holds.
    fileprivate func suffix(while predicate: (Element) -> Bool) -> SubSequence {
        self[(lastIndex { !predicate($0) }.map(index(after:)) ?? startIndex)...]
    }
}
