import Glibc

/// Makes up edits, always the same for a seed, that can all be done, one after the other, to an empty tree.
///
/// It keeps a model of the tree in memory and looks at no disk. Two things it never does, since kernels differ in them:
/// it changes no file in place that has several names from a parent layer (a copy-up may part them), and it moves no
/// such file, nor a folder with one that has another name elsewhere.
struct RandomEdits {
    /// What kinds of trees and edits come out.
    struct Shape {
        /// Names that a path's parts are made of; the fewer, the more often they meet.
        var names = ["a", "b", "c", "d", "e", "f"]
        var depth = 4
        /// Edits of the first layer, and of each that follows.
        var edits = [60, 80]
        /// Comes four times as often as the others.
        var favourite = Kind.allCases
        var largest = 3000
    }

    enum Kind: CaseIterable {
        case make, makeFolder, write, cut, delete, replace, move, moveFolder, hardLink, symbolicLink, special, mode,
            owner
        case touch, attribute, removeAttribute
    }

    private final class Node {
        enum Kind { case file, folder, symbolicLink, special }
        let kind: Kind
        var size = 0
        var names = 1
        /// A layer below has it.
        var isBelow = false
        var attributes: Set<String> = []

        init(_ kind: Kind) { self.kind = kind }

        var canChangeInPlace: Bool { kind != .file || names == 1 || !isBelow }
    }

    private let shape: Shape
    private let kinds: [Kind]
    private var numbers: Numbers
    private var nodes: [String: Node] = [:]
    /// The keys of `nodes`, in an order that depends on the seed alone.
    private var paths: [String] = []

    init(seed: UInt64, _ shape: Shape) {
        numbers = Numbers(seed: seed)
        self.shape = shape
        let often = shape.favourite.count == Kind.allCases.count ? [] : shape.favourite
        kinds = Kind.allCases + often + often + often
    }

    /// The edits of the next layer.
    mutating func next(_ count: Int) -> [Edit] {
        for node in nodes.values { node.isBelow = true }
        var edits: [Edit] = []
        // What can't be done to this tree is not tried: another one is.
        for _ in 0..<(count * 20) where edits.count < count { edits += edit(numbers.one(of: kinds)) }
        return edits
    }

    private mutating func edit(_ kind: Kind) -> [Edit] {
        switch kind {
        case .make, .makeFolder, .symbolicLink, .special: newPath().map { [make(kind, $0)] } ?? []
        case .write, .cut: change(kind).map { [$0] } ?? []
        case .mode, .owner, .touch, .attribute, .removeAttribute: dress(kind).map { [$0] } ?? []
        case .delete: anyPath().map { [delete($0)] } ?? []
        case .replace: replace()
        case .move: moveFile().map { [$0] } ?? []
        case .moveFolder: moveFolder().map { [$0] } ?? []
        case .hardLink: hardLink().map { [$0] } ?? []
        }
    }

    // Making and deleting.

    private mutating func make(_ kind: Kind, _ path: String) -> Edit {
        switch kind {
        case .makeFolder:
            add(path, Node(.folder))
            return .folder(path)
        case .symbolicLink:
            add(path, Node(.symbolicLink))
            return .symbolicLink(path, to: numbers.one(of: ["nowhere", "/etc/hosts", "../\(path)", path]))
        case .special:
            add(path, Node(.special))
            let minor = UInt32(numbers.below(5) + 1)
            let kinds = [S_IFCHR, S_IFBLK, S_IFIFO]
            let kind = numbers.one(of: kinds)
            return kind == S_IFIFO ? .fifo(path) : .device(path, kind: kind, minor: minor)
        default:
            let node = Node(.file)
            node.size = numbers.below(4) == 0 ? 0 : numbers.below(shape.largest)
            add(path, node)
            return .file(path, size: node.size, fill: fill())
        }
    }

    private mutating func delete(_ path: String) -> Edit {
        for inside in paths where inside == path || inside.hasPrefix(path + "/") { nodes[inside]?.names -= 1 }
        forget(path)
        return .delete(path)
    }

    private mutating func replace() -> [Edit] {
        guard let path = anyPath() else { return [] }
        let first = delete(path)
        return [first, make(numbers.one(of: [.make, .makeFolder, .symbolicLink, .special]), path)]
    }

    private mutating func hardLink() -> Edit? {
        guard let old = anyPath({ $0.kind != .folder && $0.canChangeInPlace }), let new = newPath(),
            let node = nodes[old]
        else { return nil }
        node.names += 1
        add(new, node)
        return .hardLink(new, to: old)
    }

    // Moving.

    private mutating func moveFile() -> Edit? {
        guard let old = anyPath({ $0.kind != .folder && $0.canChangeInPlace }), let node = nodes[old] else {
            return nil
        }
        let isReplacing = numbers.below(3) == 0
        let target = isReplacing ? anyPath { $0.kind != .folder && $0 !== node } : newPath()
        guard let new = target else { return nil }
        if let replaced = nodes[new] { replaced.names -= 1 }
        forget(new)
        forget(old)
        add(new, node)
        return .move(old, to: new)
    }

    private mutating func moveFolder() -> Edit? {
        guard let old = anyPath({ $0.kind == .folder }), let new = newPath(), !new.hasPrefix(old + "/") else {
            return nil
        }
        let inside = paths.filter { $0 == old || $0.hasPrefix(old + "/") }
        var names: [ObjectIdentifier: Int] = [:]
        for path in inside { if let node = nodes[path] { names[ObjectIdentifier(node), default: 0] += 1 } }
        let moved = inside.compactMap { path in nodes[path].map { (path, $0) } }
        guard moved.allSatisfy({ names[ObjectIdentifier($0.1)] == $0.1.names }) else { return nil }
        forget(old)
        for (path, node) in moved { add(new + path.dropFirst(old.count), node) }
        return .moveFolder(old, to: new)
    }

    // Changing what is there.

    private mutating func change(_ kind: Kind) -> Edit? {
        guard let path = anyPath({ $0.kind == .file && $0.canChangeInPlace }), let node = nodes[path] else {
            return nil
        }
        let size = 1 + numbers.below(500)
        if kind == .cut {
            node.size = numbers.below(2) == 0 ? numbers.below(node.size + 1) : node.size + numbers.below(100_000)
            return .truncate(path, size: node.size)
        }
        if numbers.below(2) == 0 {
            node.size += size
            return .append(path, size: size, fill: fill())
        }
        // Perhaps behind a hole.
        let offset = numbers.below(node.size + 1) + (numbers.below(4) == 0 ? 20_000 : 0)
        node.size = max(node.size, offset + size)
        return .write(path, offset: offset, size: size, fill: fill())
    }

    private mutating func dress(_ kind: Kind) -> Edit? {
        if kind == .attribute || kind == .removeAttribute { return attribute(isNew: kind == .attribute) }
        guard let path = anyPath({ $0.canChangeInPlace }), let node = nodes[path] else { return nil }
        switch kind {
        case .owner:
            node.attributes.remove(Self.capability)  // the kernel takes it away
            return .owner(path, numbers.one(of: [0, 1000, 70_000]), numbers.one(of: [0, 1000, 3_000_000_000]))
        case .mode:
            if node.kind == .symbolicLink { return nil }
            return .mode(path, numbers.one(of: [0o644, 0o600, 0o755, 0o4755, 0o2755, 0o1777, 0o000]))
        default: return .touch(path)
        }
    }

    private mutating func attribute(isNew: Bool) -> Edit? {
        func fits(_ node: Node) -> Bool {
            [.file, .folder].contains(node.kind) && node.canChangeInPlace
                && (isNew || node.attributes.contains(Self.key))
        }
        guard let path = anyPath(fits), let node = nodes[path] else { return nil }
        if !isNew {
            node.attributes.remove(Self.key)
            return .removeAttribute(path, Self.key)
        }
        if node.kind == .file, numbers.below(4) == 0 {
            node.attributes.insert(Self.capability)
            // cap_net_raw=ep or cap_net_admin=ep, revision 2: man 7 capabilities.
            let rights = numbers.one(of: [0x20, 0x10] as [UInt8])
            return .attribute(path, Self.capability, [1, 0, 0, 2, 0, rights, 0, 0] + [UInt8](repeating: 0, count: 12))
        }
        node.attributes.insert(Self.key)
        return .attribute(path, Self.key, [UInt8](repeating: fill(), count: numbers.below(40)))
    }

    // Paths.

    private mutating func anyPath(_ isRight: (Node) -> Bool = { _ in true }) -> String? {
        for _ in 0..<20 where !paths.isEmpty {
            let path = numbers.one(of: paths)
            if let node = nodes[path], isRight(node) { return path }
        }
        return nil
    }

    private mutating func newPath() -> String? {
        for _ in 0..<20 {
            let folder = numbers.below(4) == 0 ? nil : anyPath { $0.kind == .folder }
            let path = (folder.map { $0 + "/" } ?? "") + numbers.one(of: shape.names)
            if nodes[path] == nil, path.utf8.count(where: { $0 == 0x2f }) < shape.depth { return path }
        }
        return nil
    }

    private mutating func add(_ path: String, _ node: Node) {
        nodes[path] = node
        paths.append(path)
    }

    /// Takes the path and all below it out of the model.
    private mutating func forget(_ path: String) {
        paths.removeAll { inside in
            guard inside == path || inside.hasPrefix(path + "/") else { return false }
            nodes[inside] = nil
            return true
        }
    }

    private mutating func fill() -> UInt8 { UInt8(numbers.below(256)) }

    private static let key = "user.varve"
    private static let capability = "security.capability"
}
