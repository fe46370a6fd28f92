import CLinux
import Glibc
import Linux
import SystemPackage

/// Turns aufs's notes in `branch` into overlayfs's, which is about to write to it: see `freezeBranch`.
func thaw(_ branch: FilePath) throws {
    let root = try openBranch(branch)
    try walkFolders(root.rawValue) { try thaw($0, "\($1)") }
}

/// Translates one folder, and says which folders in it are next.
private func thaw(_ folder: CInt, _ text: String) throws -> [FileName] {
    let state = try FolderState(folder, text)
    let names = try branchNames(of: folder, text)
    let shown = Set(names.map(\.name))
    var isChanged = false
    for entry in names where entry.isNote || entry.hidden != nil {
        isChanged = true
        try thawNote(entry, shown, folder, text)
    }
    try state.restore(folder, text, isChanged)
    return names.filter(\.isOwnFolder).map(\.name)
}

private func thawNote(_ entry: BranchName, _ shown: Set<FileName>, _ folder: CInt, _ text: String) throws {
    if entry.name.isOpaqueNote {
        try markOpaque(folder, text)
    } else if let hidden = entry.hidden {
        if !shown.contains(hidden) {
            try sys("make a whiteout in \(text)") { hidden.withCString { mknodat(folder, $0, S_IFCHR, 0) } }
        } else if let child = try openFolder(hidden, in: folder, text) {
            try markOpaque(child.rawValue, text)
        }
    }
    // What else is aufs's own (`.wh..wh.plnk`) means nothing to anybody once aufs has unmounted the branch.
    _ = try delete(entry.name, in: folder, text)
}

/// Deletes whatever is named like a note of aufs in `branch`, where none is meant for one.
func deleteNotes(_ branch: FilePath) throws {
    let root = try openBranch(branch)
    try walkFolders(root.rawValue) { try deleteNotes($0, "\($1)") }
}

/// Cleans one folder, and says which folders in it are next.
private func deleteNotes(_ folder: CInt, _ text: String) throws -> [FileName] {
    let state = try FolderState(folder, text)
    var isChanged = false
    let names = try branchNames(of: folder, text)
    for entry in names where entry.isNote || entry.hidden != nil {
        isChanged = try delete(entry.name, in: folder, text)
    }
    try state.restore(folder, text, isChanged)
    return names.filter(\.isOwnFolder).map(\.name)
}

private func markOpaque(_ folder: CInt, _ text: String) throws {
    try sys("mark \(text) opaque") { linux_fset_xattr(folder, "trusted.overlay.opaque", "y", 1) }
}
