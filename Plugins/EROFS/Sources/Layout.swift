import Glibc
import GraphDrivers
import Linux
import SystemPackage

// The layer's small files, and what each must hold.

extension EROFS {
    func folder(_ id: LayerID) -> FilePath { home.appending(id.description) }
    func asideNew(_ id: LayerID) -> FilePath { home.appending(".\(id).new") }
    func asideGone(_ id: LayerID) -> FilePath { home.appending(".\(id).gone") }

    func hasImage(_ id: LayerID) -> Bool { exists(folder(id).appending("image")) }

    /// Where the layer's own files are, or will be once its image is mounted.
    func treePath(_ id: LayerID) -> FilePath {
        hasImage(id) ? folder(id).appending("tree").appending(layerFolder) : folder(id).appending("diff")
    }

    /// Where the layer's own files are; mounts its image if nobody has.
    func ownTree(_ id: LayerID) throws -> FilePath {
        if hasImage(id) { return try mounts.root(of: folder(id)) }
        let diff = folder(id).appending("diff")
        guard isFolder(diff) else { throw DriverError.noSuchLayer(driver: Self.name, id) }
        return diff
    }

    /// Makes all of a new layer in `aside`.
    ///
    /// The project comes first, so that the kernel's `work` folders have it too; the limit last, so that what is made
    /// here does not count. No limit is ever without its folder: `discard` finds each.
    func fill(_ aside: FilePath, parents: [LayerID], _ isWritable: Bool, _ limit: ProjectQuota.Limit?) throws {
        do throws(SystemError) { try makeFolder(aside, 0o710) } catch {
            guard error.errno == .fileExists else { throw error }
            try discard(aside)  // a killed `create` left it
            try makeFolder(aside, 0o710)
        }
        try limit?.begin(aside)
        if !parents.isEmpty {
            let text = parents.map { "\($0)\n" }.joined()
            try writeFile(Array(text.utf8), to: aside.appending("parents"), mode: FilePermissions(rawValue: 0o644))
            try makeFolder(aside.appending("work"), 0o700)
        }
        // Only a layer that has this place gets an image: what containers write to stays a folder.
        if !isWritable { try makeFolder(aside.appending("tree"), 0o755) }
        // The folder that makes a layer of it: `contains` asks for it, also where nothing is renamed in.
        let diff = aside.appending("diff")
        try makeFolder(diff, 0o755)
        if isWritable {
            let roots = try parents.map { parent in
                var own = try ownTree(parent)
                _ = own.removePrefix(home)
                return own.string
            }
            try inheritOverlayRoot(diff, from: roots, in: home)
        }
        try limit?.set(aside)
    }

    /// Deletes the limit, then the folder: a cut leaves no limit without its folder.
    func discard(_ aside: FilePath) throws {
        guard isFolder(aside) else { return }
        try sizes.end(aside)
        try removeTree(aside)
    }

    /// What a child of `parent` has below it, the nearest first.
    func parents(forChildOf parent: LayerID) throws -> [LayerID] {
        guard contains(parent) else { throw DriverError.noSuchLayer(driver: Self.name, parent) }
        let above = try parents(of: parent)
        guard above.count < Self.depth else { throw DriverError.tooDeep(driver: Self.name, limit: Self.depth) }
        return [parent] + above
    }

    /// The layers below, the nearest first.
    func parents(of id: LayerID) throws -> [LayerID] {
        let path = folder(id).appending("parents")
        let bytes: [UInt8]
        do { bytes = try readFile(path, limit: 1 << 16) } catch let error as SystemError
            where error.errno == .noSuchFileOrDirectory
        { return [] }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        let parents = lines.compactMap { LayerID($0) }
        guard !parents.isEmpty, parents.count == lines.count else {
            let reason = "it must list layers, one a line; fetch the image again"
            throw DriverError.damaged(driver: Self.name, path, reason: reason)
        }
        return parents
    }

    func touch(_ path: FilePath) throws {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        _ = OwnedDescriptor(try sys("create \(path)") { Glibc.open(path.string, flags, 0o600) })
    }
}
