import CArchive
import CLinux
import Glibc
import Linux
public import SystemPackage

/// What `compareTrees` would find between an overlay and its lower layers, read from the upper directory: the time it
/// takes depends on what changed, not on what is there.
///
/// `lower` is the tree that the lower layers show. A file is added or modified by whether that tree has it; one that was
/// copied up and is as it was, byte for byte, is no change. Nil if the upper directory refers to the lower layers (`redirect`,
/// `metacopy`): then it does not say what the overlay shows, and the mounted trees have to be compared.
public func compareUpper(_ upper: FilePath, _ lower: FilePath) throws -> [Change]? {
    let upperRoot = try openFolder(upper)
    defer { close(upperRoot) }
    let lowerRoot = try openFolder(lower)
    defer { close(lowerRoot) }
    var comparison = UpperComparison()
    _ = try comparison.compare(upperRoot, lowerRoot, [], isOpaque: isOpaque(upperRoot, "\(upper)"))
    return comparison.refersToLower ? nil : sorted(comparison.changes)
}

private struct UpperComparison {
    private(set) var changes: [Change] = []
    private(set) var refersToLower = false

    /// Compares two open folders and says whether anything in them differs; `lower` is nil where there is none. Nothing of
    /// it shows where `isOpaque`, and below.
    mutating func compare(_ upper: CInt, _ lower: CInt?, _ path: [UInt8], isOpaque: Bool) throws -> Bool {
        let text = String(decoding: path, as: UTF8.self)
        let before = changes.count
        let names = try entries(of: upper, text)
        for name in names where !refersToLower { try compare(name, upper, lower, path, isOpaque: isOpaque) }
        if isOpaque, let lower {
            let kept = Set(names)
            for name in try entries(of: lower, text) where !kept.contains(name) {
                changes.append(change(path, name, .deleted))
            }
        }
        return changes.count > before
    }

    private mutating func compare(
        _ name: FileName,
        _ upper: CInt,
        _ lower: CInt?,
        _ folder: [UInt8],
        isOpaque: Bool
    ) throws {
        // It vanished since it was listed: as if it had not been there.
        guard let new = try look(at: name, in: upper) else { return }
        let old = try lower.flatMap { try look(at: name, in: $0) }
        let below = old == nil ? nil : lower
        let text = String(decoding: folder, as: UTF8.self)
        if try name.withCString({ try isOverlayWhiteout($0, in: upper, new, text) }) {
            if below != nil { changes.append(change(folder, name, .deleted)) }
            return
        }
        if try name.withCString({ try overlayReference($0, in: upper, new, text) }) != nil {
            refersToLower = true
            return
        }
        var kind: Change.Kind? = .added
        if let below, let old {
            let differs =
                try isDifferent(new, old) || hasOtherAttributes(name, upper, below)
                || (isFile(new) && hasOtherContent(name, upper, below))
            kind = differs ? .modified : nil
        }
        if let kind { changes.append(change(folder, name, kind)) }
        guard isFolder(new) else { return }
        let hasChanges = try compareFolder(name, upper, old.map(isFolder) == true ? below : nil, folder, isOpaque)
        if hasChanges, kind == nil { changes.append(change(folder, name, .modified)) }
    }

    private mutating func compareFolder(
        _ name: FileName,
        _ upper: CInt,
        _ lower: CInt?,
        _ folder: [UInt8],
        _ isBelowOpaque: Bool
    ) throws -> Bool {
        let path = joinedPath(folder, name)
        guard let child = try openChild(name, in: upper, path) else { return false }
        defer { close(child) }
        let lowerChild = try lower.flatMap { try openChild(name, in: $0, path) }
        defer { if let lowerChild { close(lowerChild) } }
        let opaque = try isBelowOpaque || isOpaque(child, String(decoding: path, as: UTF8.self))
        return try compare(child, lowerChild, path, isOpaque: opaque)
    }
}
