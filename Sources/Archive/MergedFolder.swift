import CArchive
import Glibc
import Linux
import SystemPackage

/// The folders of one path in several branches, as aufs merges them: what the nearest branch has counts.
///
/// Branches are read where they lie: nothing is mounted.
final class MergedFolder {
    /// Open, the nearest branch first, none below an opaque one.
    private let folders: [CInt]

    private init(folders: [CInt]) { self.folders = folders }

    deinit { for folder in folders { close(folder) } }

    /// The roots of `branches`, the nearest first.
    convenience init(_ branches: [FilePath]) throws {
        var folders: [CInt] = []
        do {
            for branch in branches {
                let root = try openFolder(branch)
                folders.append(root)
                if try isBranchOpaque(root, "\(branch)") { break }
            }
        } catch {
            for folder in folders { close(folder) }
            throw error
        }
        self.init(folders: folders)
    }

    /// What shows under `name`: the open folder of the branch that has it, and what it is.
    func find(_ name: FileName) throws -> (folder: CInt, status: stat)? {
        for folder in folders {
            if isWhitedOut(name, in: folder) { return nil }
            guard let status = try look(at: name, in: folder) else { continue }
            return isDeviceWhiteout(status) ? nil : (folder, status)
        }
        return nil
    }

    /// The folder that shows under `name`; nil where none does. `path` is its own.
    func child(_ name: FileName, _ path: [UInt8]) throws -> MergedFolder? {
        var found: [CInt] = []
        do {
            for folder in folders {
                if isWhitedOut(name, in: folder) { break }
                guard let child = try openChild(name, in: folder, path) else {
                    // What is no folder hides those below it.
                    if try look(at: name, in: folder) != nil { break }
                    continue
                }
                found.append(child)
                if try isBranchOpaque(child, "a folder") { break }
            }
        } catch {
            for folder in found { close(folder) }
            throw error
        }
        return found.isEmpty ? nil : MergedFolder(folders: found)
    }

    /// All names that show, sorted.
    func names() throws -> [FileName] {
        var shown: Set<FileName> = []
        var known: Set<FileName> = []
        for folder in folders {
            for entry in try branchEntries(of: folder, "a folder") where known.insert(entry.name).inserted {
                if entry.status != nil { shown.insert(entry.name) }
            }
        }
        return shown.sorted()
    }
}
