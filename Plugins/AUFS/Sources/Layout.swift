import CLinux
import Glibc
import GraphDrivers
import Linux
import SystemPackage

// Names and small files of a layer.

extension AUFS {
    func list(_ id: LayerID) -> FilePath { home.appending("layers").appending(id.description) }
    func branch(_ id: LayerID) -> FilePath { home.appending("diff").appending(id.description) }
    func mountPoint(_ id: LayerID) -> FilePath { home.appending("mnt").appending(id.description) }
    func work(_ id: LayerID) -> FilePath { home.appending(".work").appending(id.description) }
    private func asideNew(_ id: LayerID) -> FilePath { home.appending(".\(id).new") }

    /// The layer's ancestors, its parent first; throws where there is no such layer.
    func ancestors(of id: LayerID) throws -> [LayerID] {
        let bytes: [UInt8]
        do { bytes = try readFile(list(id), limit: 1 << 16) } catch let error as SystemError
            where error.errno == .noSuchFileOrDirectory
        { throw DriverError.noSuchLayer(driver: Self.name, id) }
        return try bytes.split(separator: 0x0a).map { line in
            guard let ancestor = LayerID(String(decoding: line, as: UTF8.self)) else {
                let reason = "it must list one layer a line; fetch the image again"
                throw DriverError.damaged(driver: Self.name, list(id), reason: reason)
            }
            return ancestor
        }
    }

    func writeAncestors(_ above: [LayerID], of id: LayerID) throws {
        let text = above.map { "\($0)\n" }.joined()
        try writeFile(Array(text.utf8), to: asideNew(id), mode: FilePermissions(rawValue: 0o644))
        try rename(asideNew(id), to: list(id))
    }

    /// Deletes all of a layer that exists no more, whatever a cut left of it.
    func deleteFiles(of id: LayerID) throws {
        unlink(asideNew(id).string)
        try removeTree(masks(id))
        for area in ["diff", "mnt"] {
            let folder = home.appending(area).appending(id.description)
            let removing = home.appending(area).appending("\(id)-removing")
            // Deleting must not reach into another engine's mount.
            if area == "mnt" { for place in [folder, removing] { try unmountAll(place) } }
            try removeTree(removing)
            do { try rename(folder, to: removing) } catch let error as SystemError {
                if error.errno == .noSuchFileOrDirectory { continue }
                // A full xfs has no room for the new name: then deleting cannot wait until it is out of sight.
                guard error.errno == .noSpace else { throw error }
                try removeTree(folder)
            }
            try removeTree(removing)
        }
    }

    /// Deletes what cut removals left, and what is ours of layers that another engine removed.
    ///
    /// What can't be deleted, since somebody uses it, is left to the next start: the layers that are there can be used.
    func cleanUp() throws {
        for area in ["diff", "mnt"] {
            let folder = home.appending(area)
            for name in try listFolder(folder) where name.hasSuffix("-removing") {
                if area == "mnt" { try? unmountAll(folder.appending(name)) }
                try? removeTree(folder.appending(name))
            }
        }
        for area in [".work", ".overlay"] {
            for name in try listFolder(home.appending(area)) {
                guard let id = LayerID(name) else {
                    try? removeTree(home.appending(area).appending(name))  // half a mask
                    continue
                }
                if contains(id) || (try? end(id)) == nil { continue }
                try? removeTree(masks(id))
            }
        }
        try Union.clean(home, program)
    }

    /// Makes a new layer's root, which is the root of its view, as the parent's is.
    func copyRoot(of parent: LayerID, to id: LayerID) throws {
        let from = try openBranch(branch(parent))
        let to = try openBranch(branch(id))
        try copyFolder(from: from.rawValue, to: to.rawValue, "\(branch(id))")
    }

    /// Names are joined with `:` and `,` for the union, and one that ends in `-removing` would be deleted at a start.
    static func requireName(_ id: LayerID) throws {
        let isPlain = id.description.utf8.allSatisfy { !":,\\=".utf8.contains($0) }
        guard isPlain, !id.description.hasSuffix("-removing") else {
            throw SystemError("make layer \(id): aufs can't have a layer of that name", .invalidArgument)
        }
    }
}
