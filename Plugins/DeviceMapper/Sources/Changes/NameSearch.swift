import Archive
import Glibc
import Linux
import SystemPackage

/// Finds the names of files that changed where they are.
///
/// Who makes files in a folder gets inodes near the folder's: so the folders among the nearest inodes come first, and
/// in most cases that is all. It goes on until a file has as many names as it says it has.
struct NameSearch {
    /// How many names of each file are still to be found.
    private var missing: [UInt64: Int] = [:]
    private let inodes: InodeDifferences
    /// Folders that were looked through.
    private var done: Set<UInt64> = []
    /// The folders in a run of inodes, by the run's place in the list.
    private var known: [Int: [Inode]] = [:]

    init(_ inodes: InodeDifferences) {
        self.inodes = inodes
        for inode in inodes.kept where !inode.isFolder { missing[inode.number] = inode.links }
    }

    /// Notes all names of the files, but for those in folders that changed themselves. `runs` are sorted by number.
    mutating func find(in side: ChangeSearch.Side, _ runs: [InodeRun], _ places: inout TouchedPlaces) throws {
        if missing.isEmpty { return }
        for folder in inodes.newFolders { try look(through: folder, side, &places) }
        for folder in inodes.kept where folder.isFolder { try look(through: folder, side, &places) }
        for number in missing.keys.sorted() where missing[number] != nil {
            try find(number, in: side, runs, &places)
        }
    }

    private mutating func find(
        _ number: UInt64,
        in side: ChangeSearch.Side,
        _ runs: [InodeRun],
        _ places: inout TouchedPlaces
    ) throws {
        let start = (runs.firstIndex { $0.first > number } ?? runs.count) - 1
        for distance in 0..<runs.count {
            // Folders are made before what is in them, and get the lower number.
            for index in distance == 0 ? [start] : [start - distance, start + distance] where runs.indices ~= index {
                let folders = try folders(in: runs[index], index, side).sorted {
                    Self.rank($0.number, number) < Self.rank($1.number, number)
                }
                for folder in folders where missing[number] != nil { try look(through: folder, side, &places) }
            }
            if missing[number] == nil { return }
        }
        throw Unsuited("inode \(number) has more names than were found")
    }

    /// Near and lower numbers first.
    private static func rank(_ folder: UInt64, _ number: UInt64) -> UInt64 {
        folder < number ? 2 * (number - folder) - 1 : 2 * (folder - number)
    }

    private mutating func folders(
        in run: InodeRun,
        _ index: Int,
        _ side: ChangeSearch.Side
    ) throws -> [Inode] {
        if let found = known[index] { return found }
        let size = side.layout.inodeSize
        let bytes = try side.device.read(at: run.position, count: run.count * size)
        let found = (0..<run.count).compactMap { place in
            side.layout.inode(run.first + UInt64(place), bytes, place * size)
        }.filter(\.isFolder)
        known[index] = found
        return found
    }

    private mutating func look(
        through inode: Inode,
        _ side: ChangeSearch.Side,
        _ places: inout TouchedPlaces
    ) throws {
        guard done.insert(inode.number).inserted else { return }
        let descriptor: CInt
        // Gone meanwhile. If one of the names was in it, that is still missing at the end.
        do { descriptor = try side.layout.open(inode, side.root.rawValue) } catch let error as SystemError
            where error.errno == .staleNFSFileHandle
        { return }
        let folder = OwnedDescriptor(descriptor)
        var found: [FileName] = []
        try forEachEntry(of: folder.rawValue, "inode \(inode.number)") { name, number in
            guard let count = missing[number] else { return }
            missing[number] = count > 1 ? count - 1 : nil
            found.append(FileName(name))
        }
        // What changed itself is compared anyway.
        guard !found.isEmpty, !inodes.changed.contains(inode.number),
            let path = try places.path(of: folder.rawValue)
        else { return }
        let touched = places.folder(at: path)
        for name in found { _ = TouchedPlaces.same(name, in: touched) }
    }
}
