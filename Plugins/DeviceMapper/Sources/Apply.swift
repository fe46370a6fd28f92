public import Archive
public import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// Unpacks into the layer's file system, and waits until it is in the pool.
    ///
    /// What does not fit into the pool is found out when it is written back, which unmounting tells nobody.
    public func apply(
        _ tar: any ByteSource,
        to id: LayerID,
        parent: LayerID?,
        limits: ArchiveLimits
    ) throws -> Int64 {
        try withTree(of: id) { tree in
            let bytes = try extractLayer(tar, into: tree, whiteouts: .applied, limits: limits)
            try syncFileSystem(of: tree)
            return bytes
        }
    }
}
