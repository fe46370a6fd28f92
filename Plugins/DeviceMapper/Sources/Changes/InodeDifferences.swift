/// The inodes that are not the same on two devices.
struct InodeDifferences {
    /// The numbers of all.
    private(set) var changed: Set<UInt64> = []
    /// Those of files that are on both, as the new device has them.
    private(set) var kept: [Inode] = []
    /// Folders of the new device which the old one does not have.
    private(set) var newFolders: [Inode] = []
    private var keptNumbers: Set<UInt64> = []

    /// Whether the inode is the same file's on both devices, though it changed.
    func isKept(_ number: UInt64) -> Bool { keptNumbers.contains(number) }

    /// Compares what lies in `ranges`, which are sorted bytes of both devices; `runs` are the new one's.
    init(
        _ new: ChangeSearch.Side,
        _ old: ChangeSearch.Side,
        _ runs: [InodeRun],
        _ ranges: [Range<UInt64>]
    ) throws {
        guard new.layout.inodeSize == old.layout.inodeSize else { throw Self.moved }
        for run in runs {
            // One that the old file system did not use yet is in none of its folders.
            if let position = old.layout.position(of: run.first), position != run.position { throw Self.moved }
        }
        var ranges = ranges[...]
        for run in runs.sorted(by: { $0.position < $1.position }) {
            let bytes = run.position..<run.position + UInt64(run.count * new.layout.inodeSize)
            while let first = ranges.first, first.upperBound <= bytes.lowerBound { ranges.removeFirst() }
            for range in ranges {
                if range.lowerBound >= bytes.upperBound { break }
                try compare(new, old, run, range.clamped(to: bytes))
            }
        }
    }

    private static var moved: Unsuited { Unsuited("the file systems do not keep their inodes in the same places") }

    private mutating func compare(
        _ new: ChangeSearch.Side,
        _ old: ChangeSearch.Side,
        _ run: InodeRun,
        _ range: Range<UInt64>
    ) throws {
        let size = new.layout.inodeSize
        let now = try new.device.read(at: range.lowerBound, count: range.count)
        let before = try old.device.read(at: range.lowerBound, count: range.count)
        let first = run.first + (range.lowerBound - run.position) / UInt64(size)
        for offset in stride(from: 0, to: range.count, by: size) {
            if now.hasSame(offset, size, as: before, but: new.layout.volatileParts) { continue }
            let number = first + UInt64(offset / size)
            changed.insert(number)
            guard let inode = new.layout.inode(number, now, offset) else { continue }
            let isOld = old.layout.position(of: number) != nil
            let earlier = isOld ? old.layout.inode(number, before, offset) : nil
            if let earlier, earlier.generation == inode.generation, earlier.isFolder == inode.isFolder {
                kept.append(inode)
                keptNumbers.insert(number)
            } else if inode.isFolder {
                newFolders.append(inode)
            }
        }
    }
}
