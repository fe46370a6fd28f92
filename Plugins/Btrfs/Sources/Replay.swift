import Archive
import Glibc
import Linux

/// Follows names through a send stream, which turns an older tree into a newer one step by step.
///
/// A stream names a file as it is called at that step: folders move while what is in them changes, and what has to wait
/// for a name or for its emptying is called `o<inode>-<generation>-<n>` meanwhile. What comes out is where the two trees
/// may differ; how they do is then read from the trees.
struct Replay {
    /// A step that makes no sense: then the trees have to be compared.
    struct Nonsense: Error {}

    /// A file or folder.
    private struct Item {
        /// The folder it was in, and its name there; nil for what the stream made, and the root.
        let origin: (folder: Int, name: FileName)?
        /// Whether it was in the older tree.
        let isOld: Bool
        /// What the stream touched in it, by the present names; nil for a name that is free now.
        var names: [FileName: Int?] = [:]
        /// The stream touched the file or folder itself.
        var isTouched = false
        /// It touched more than its times.
        var isChanged = false
        /// The times it has in the end.
        var times: (modified: FileTime, changed: FileTime)?
    }

    private var items = [Item(origin: nil, isOld: true)]

    /// Something new gets a name.
    mutating func make(_ path: UnsafePointer<CChar>) throws(Nonsense) {
        let (folder, name) = try place(path)
        items.append(Item(origin: nil, isOld: false))
        items[folder].names[name] = .some(items.count - 1)
    }

    /// A name goes.
    mutating func remove(_ path: UnsafePointer<CChar>) throws(Nonsense) {
        let (folder, name) = try place(path)
        items[folder].names[name] = .some(nil)
    }

    /// What has a name gets another instead.
    mutating func move(_ path: UnsafePointer<CChar>, to target: UnsafePointer<CChar>) throws(Nonsense) {
        let (folder, name) = try place(path)
        let item = try item(name, in: folder)
        items[folder].names[name] = .some(nil)
        let (newFolder, newName) = try place(target)
        items[newFolder].names[newName] = .some(item)
    }

    /// Something gets other attributes or content.
    mutating func change(_ path: UnsafePointer<CChar>) throws(Nonsense) {
        let item = try touch(path)
        items[item].isChanged = true
    }

    /// Something gets other times. A stream says so of all that differs in any way, last of all.
    mutating func setTimes(_ path: UnsafePointer<CChar>, modified: FileTime, changed: FileTime) throws(Nonsense) {
        let item = try touch(path)
        items[item].times = (modified, changed)
    }

    private mutating func touch(_ path: UnsafePointer<CChar>) throws(Nonsense) -> Int {
        var found = 0
        if path.pointee != 0 {
            let (folder, name) = try place(path)
            found = try item(name, in: folder)
        }
        items[found].isTouched = true
        return found
    }

    /// The folder that `path` leads to, and its last name.
    private mutating func place(_ path: UnsafePointer<CChar>) throws(Nonsense) -> (folder: Int, name: FileName) {
        var folder = 0
        var start = path
        var depth = 0
        while let slash = strchr(start, 0x2f) {
            depth += 1
            // The kernel takes minutes for the paths of very deep trees, which are then refused: it need not go on.
            guard depth < TreeLimits.depth else { throw Nonsense() }
            folder = try item(Self.name(start, UnsafePointer(slash) - start), in: folder)
            start = UnsafePointer(slash) + 1
        }
        return (folder, try Self.name(start, strlen(start)))
    }

    /// What is called `name` in a folder now; where nothing was said about it yet, it is as in the older tree.
    private mutating func item(_ name: FileName, in folder: Int) throws(Nonsense) -> Int {
        if let known = items[folder].names[name] {
            guard let known else { throw Nonsense() }
            return known
        }
        guard items[folder].isOld else { throw Nonsense() }
        items.append(Item(origin: (folder, name), isOld: true))
        items[folder].names[name] = .some(items.count - 1)
        return items.count - 1
    }

    private static func name(_ start: UnsafePointer<CChar>, _ count: Int) throws(Nonsense) -> FileName {
        guard (1...255).contains(count) else { throw Nonsense() }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress else { fatalError("no room for a name") }
            memcpy(base, start, count)
            base[count] = 0
            return FileName(base)
        }
    }
}

// What comes out.
extension Replay {
    /// Where the trees may differ.
    func touched() -> Touched { touched(0, isSame: true) }

    private func touched(_ index: Int, isSame: Bool) -> Touched {
        let item = items[index]
        let touched = Touched()
        touched.isSame = isSame
        // A folder is also touched where a subvolume's place in it went, of which the stream does not tell.
        touched.hasOtherNames = item.isTouched
        if !item.isChanged { touched.times = item.times }
        for (name, child) in item.names {
            guard let child else {
                touched.below[name] = Touched()
                continue
            }
            // It is where it was, and so is the folder.
            let isThere = items[child].origin.map { $0 == (index, name) } ?? false
            touched.below[name] = self.touched(child, isSame: isSame && isThere)
        }
        return touched
    }
}
