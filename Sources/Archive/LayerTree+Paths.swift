import CArchive
import Glibc
import Linux
import SystemPackage

// Where a member goes: as the kernel would find it if the layer's root were "/" (openat2, RESOLVE_IN_ROOT).

extension LayerTree {
    /// The folder that the member lies in; made, mode 0755, with those above where missing.
    func folder(of member: MemberPath) throws -> LayerNode {
        if member.isTop { return root }
        if let found = try find(member.folder, member) { return found }
        var parent = root
        for folder in member.folders {
            if let found = try find(folder, member) {
                parent = found
                continue
            }
            let name = Array(folder[((folder.lastIndex(of: 0x2f) ?? folder.startIndex - 1) + 1)...])
            // A link that leads nowhere.
            if parent.children[name] != nil { throw refusal(member, .noSuchFileOrDirectory) }
            let made = LayerNode(type: S_IFDIR, mode: 0o755, time: now)
            if parent.mode & 0o2000 != 0 { made.group = parent.group }
            parent.children[name] = made
            adopt(made, by: parent)
            parent = made
        }
        return parent
    }

    /// The folder of that path, links followed; nil if there is none.
    private func find(_ path: ArraySlice<UInt8>, _ member: MemberPath) throws -> LayerNode? {
        guard path.count < PATH_MAX else { throw refusal(member, .fileNameTooLong) }
        var names = Array(path.split(separator: 0x2f).reversed())
        var (node, followed) = (root, 0)
        while let name = names.popLast() {
            guard node.type == S_IFDIR else { throw refusal(member, .notDirectory) }
            if name.elementsEqual([0x2e]) { continue }
            if name.elementsEqual([0x2e, 0x2e]) {
                node = node.parent ?? root
                continue
            }
            guard let next = node.children[Array(name)] else { return nil }
            guard next.type == S_IFLNK else {
                node = next
                continue
            }
            followed += 1
            guard followed <= 40 else { throw refusal(member, .tooManySymbolicLinkLevels) }
            if next.target.first == 0x2f { node = root }
            names += next.target.split(separator: 0x2f).reversed()
        }
        guard node.type == S_IFDIR else { throw refusal(member, .notDirectory) }
        return node
    }

    private func refusal(_ member: MemberPath, _ errno: Errno) -> SystemError {
        SystemError("open the folder of \(member.text)", errno)
    }

    func takeHardLink(_ entry: OpaquePointer) throws {
        guard let raw = archive_entry_hardlink(entry) else { return }
        let target = try path.other(raw, limits)
        let missing = ArchiveError.noLinkTarget(member: path.text, target: target.text)
        guard !target.isRoot, target.joined != path.joined else { throw missing }
        let parent = try folder(of: path)
        let found: LayerNode?
        do { found = try target.isTop ? root : find(target.folder, target) } catch let error as SystemError
            where error.errno == .notDirectory
        { throw missing }
        guard let from = found, from.children[Array(target.name)] != nil else { throw missing }
        removeExisting(in: parent)
        // The folder it was in may have been what was there.
        guard let node = from.children[Array(target.name)] else { throw missing }
        guard node.type != S_IFDIR else { throw SystemError("make \(path.text)", .notPermitted) }
        node.links += 1
        linked.append(node)
        parent.children[Array(path.name)] = node
    }

    /// Takes what has the member's name out of the tree, with all that is in it.
    func removeExisting(in parent: LayerNode) {
        guard let old = parent.children.removeValue(forKey: Array(path.name)) else { return }
        if !isFirst, old.type != S_IFDIR, old.links == 1 { size -= old.size }
        var gone = [old]
        while let node = gone.popLast() {
            node.links -= 1
            gone += node.children.values
            if node.type == S_IFDIR { node.children = [:] }
        }
    }
}
