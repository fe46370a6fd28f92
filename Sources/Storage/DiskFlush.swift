import Linux
import SystemPackage

/// Gets everything that was written since it was made to the disk, the driver's part and the database's.
///
/// Made before the first byte is written: a file system tells of a failed write each one who had it open by then, and
/// perhaps nobody who opened it later.
final class DiskFlush: Sendable {
    private let driverHome: OwnedDescriptor
    private let database: OwnedDescriptor

    init(_ layout: Layout) throws {
        driverHome = try openForFlush(layout.driverHome)
        database = try openForFlush(layout.layers)
    }

    /// Waits for the disk. Where both are one file system, the second call has nothing left to write.
    func callAsFunction() throws {
        try syncFileSystem(driverHome)
        try syncFileSystem(database)
    }
}
