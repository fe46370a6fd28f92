/// Why an archive was refused; the text names the member and the limit or rule.
package enum ArchiveError: Error, Equatable, CustomStringConvertible {
    /// It is no tar, or a broken one.
    case damaged(reason: String)
    /// It ends in the middle of a member.
    case truncated
    /// The member would lie outside the folder it is unpacked in.
    case escapes(member: String)
    /// The member is a whiteout of nothing, of `.` or of `..`.
    case invalidWhiteout(member: String)
    /// The member is a hard link to something that is not there.
    case noLinkTarget(member: String, target: String)
    /// Members may not have this name (a NUL byte, only slashes, …).
    case invalidName(member: String, reason: String)
    /// A folder would take the place of what is none, or the other way round, and the user does not want that.
    case otherKind(member: String, isFolder: Bool)
    /// More members than `ArchiveLimits.entries`.
    case tooManyEntries(limit: Int)
    /// A path with more components than `ArchiveLimits.depth`.
    case tooDeep(member: String, limit: Int)
    /// A component longer than `ArchiveLimits.nameLength`.
    case nameTooLong(member: String, limit: Int)
    /// More bytes than `ArchiveLimits.expandedBytes`.
    case tooLarge(limit: Int64)
    /// It expands more than `ArchiveLimits.ratio` allows.
    case bomb(ratio: Int)
    /// The tar cannot be made again: the file is not as it was when the layer came in.
    case changedFile(name: String)
    /// A tree is deeper than `TreeLimits`.
    case treeTooDeep(path: String)
    /// The record of the tar's headers (tar-split) makes no sense.
    case damagedRecord(reason: String)

    /// What was refused, why, and what to do where something can be done.
    package var description: String {
        switch self {
        case .damaged(let reason): "archive is damaged: \(reason)"
        case .truncated: "archive is truncated: it ends inside a member (unexpected EOF)"
        case .escapes(let member): "archive member \(member) is outside of the folder it is unpacked in"
        case .invalidWhiteout(let member):
            "archive member \(member) is an invalid whiteout: it deletes nothing that can be"
        case .noLinkTarget(let member, let target):
            "archive member \(member) is a hard link to \(target), which is not in the layer"
        case .invalidName(let member, let reason): "archive member \(member) has an invalid name: \(reason)"
        case .otherKind(let member, isFolder: true): "cannot overwrite non-directory \"\(member)\" with directory"
        case .otherKind(let member, isFolder: false): "cannot overwrite directory \"\(member)\" with non-directory"
        case .tooManyEntries(let limit):
            "archive has more than \(limit) members: raise the limit of entries if it is trusted"
        case .tooDeep(let member, let limit):
            "archive member \(member) is more than \(limit) folders deep: raise the limit of depth if it is trusted"
        case .nameTooLong(let member, let limit): "archive member \(member) has a name of more than \(limit) bytes"
        case .tooLarge(let limit):
            "archive expands to more than \(limit) bytes: raise the limit of expanded bytes if it is trusted"
        case .bomb(let ratio):
            "archive expands to more than \(ratio) times its size: raise the limit of the ratio if it is trusted"
        case .changedFile(let name):
            "file integrity checksum failed for \"\(name)\": it changed on disk since the layer was made"
        case .treeTooDeep(let path):
            "the tree is too deep to be compared, copied or archived: below /\(path)… there are more than "
                + "\(TreeLimits.depth) folders in each other, or paths of more than \(TreeLimits.path) bytes, which nobody "
                + "could unpack; delete those folders"
        case .damagedRecord(let reason): "tar-split record is damaged: \(reason)"
        }
    }
}
