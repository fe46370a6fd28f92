import Glibc
import Linux
import SystemPackage

/// One thing that a program does to a tree; done to two equal trees, it leaves them equal.
enum Edit {
    case folder(String)
    case file(String, size: Int, fill: UInt8)
    case write(String, offset: Int, size: Int, fill: UInt8)
    case append(String, size: Int, fill: UInt8)
    case truncate(String, size: Int)
    case delete(String)
    case move(String, to: String)
    case moveFolder(String, to: String)
    case hardLink(String, to: String)
    case symbolicLink(String, to: String)
    case fifo(String)
    case device(String, kind: UInt32, minor: UInt32)
    case mode(String, UInt32)
    case owner(String, UInt32, UInt32)
    case touch(String)
    case attribute(String, String, [UInt8])
    case removeAttribute(String, String)

    /// Does it, with times that `number` tells: the clock would give two trees different ones.
    func apply(to tree: Tree, number: Int, hasAttributes: Bool) throws {
        do {
            try change(tree, hasAttributes)
            for path in touched { try stamp(tree, path, number) }
        } catch { throw Broken(description: "\(self) as edit \(number): \(error)") }
    }

    private func change(_ tree: Tree, _ hasAttributes: Bool) throws {
        switch self {
        case .folder(let path): try tree.folder(path)
        case .file(let path, let size, let fill): try tree.file(path, bytes(size, fill))
        case .write(let path, let offset, let size, let fill):
            try tree.overwrite(path, String(decoding: bytes(size, fill), as: UTF8.self), at: offset)
        case .append(let path, let size, let fill):
            try tree.append(path, String(decoding: bytes(size, fill), as: UTF8.self))
        case .truncate(let path, let size): try tree.truncate(path, size)
        case .delete(let path): try tree.remove(path)
        case .move(let old, let new), .moveFolder(let old, let new): try tree.move(old, to: new)
        case .hardLink(let path, let target): try tree.hardLink(path, to: target)
        case .symbolicLink(let path, let target): try tree.link(path, to: target)
        case .fifo(let path): try tree.node(path, S_IFIFO)
        case .device(let path, let kind, let minor): try tree.node(path, kind, major: 1, minor: minor)
        case .mode(let path, let mode): try tree.mode(path, mode)
        case .owner(let path, let user, let group): try tree.owner(path, user, group)
        case .touch: break
        case .attribute(let path, let key, let value):
            if hasAttributes { try tree.attribute(path, key, value) }
        case .removeAttribute(let path, let key):
            if hasAttributes { try tree.removeAttribute(path, key) }
        }
    }

    /// What gets a new time: a file that is written, and the folder whose names change.
    private var touched: [String] {
        switch self {
        case .folder(let path), .file(let path, _, _), .symbolicLink(let path, _), .fifo(let path),
            .device(let path, _, _):
            [path, Self.folder(of: path)]
        case .write(let path, _, _, _), .append(let path, _, _), .truncate(let path, _), .touch(let path): [path]
        case .delete(let path), .hardLink(let path, _): [Self.folder(of: path)]
        case .move(let old, let new): [Self.folder(of: old), Self.folder(of: new)]
        // The folder too: overlayfs exchanges it with a whiteout that is there, and xfs gives it a new time for that.
        case .moveFolder(let old, let new): [Self.folder(of: old), Self.folder(of: new), new]
        case .mode, .owner, .attribute, .removeAttribute: []
        }
    }

    private func stamp(_ tree: Tree, _ path: String, _ number: Int) throws {
        // No whole seconds, and none twice: files with times of one second are taken for one version.
        try tree.time(path, seconds: 1_500_000_000 + number * 10, nanoseconds: 1 + number)
    }

    private func bytes(_ size: Int, _ fill: UInt8) -> [UInt8] {
        [UInt8](repeating: 0x40 + fill % 0x3e, count: size)  // ASCII
    }

    static func folder(of path: String) -> String {
        path.utf8.lastIndex(of: 0x2f).map { String(path[..<$0]) } ?? "."
    }
}
