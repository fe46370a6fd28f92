// What a reader of the pool's metadata needs, to find which blocks of two layers differ: the layers' numbers in the
// pool, the device that holds the metadata, and a state of it that stays while somebody reads.

import GraphDrivers
import Linux
import SystemPackage

extension DeviceMapper {
    /// The layer's number in the pool (24 bits), as `thin_delta --thin1` takes it.
    func deviceID(of id: LayerID) throws -> UInt32 { try existing(id).deviceID }

    /// The pool's name: `docker-254:1-1234-pool`, or what `dm.thinpooldev` says.
    var poolName: String { pool.name }

    /// The block device with the pool's metadata: `/dev/loop8`, `/dev/dm-2`.
    func metadataDevice() throws -> FilePath { try Pool.device(pool.table().metadata) }

    /// The bytes of one of the pool's blocks, of which the metadata speak.
    func poolBlockSize() throws -> Int { Int(try pool.table().blockSectors) << 9 }

    /// Keeps the pool's metadata as they are now for `body`, which gets the number of the 4096-byte block of their
    /// root.
    ///
    /// The rest of the pool goes on. One at a time: others wait. Written data that is not on its device yet is not in
    /// it.
    func withMetadataSnapshot<Result>(_ body: (UInt64) throws -> Result) throws -> Result {
        try shared.withSnapshotTurn {
            try shared.exclusively { _ in
                try pool.dropSnapshot()  // what a killed reader kept
                try pool.message("reserve_metadata_snap")
            }
            // Without one the pool keeps old metadata, which costs room; the next start drops it.
            defer { try? pool.dropSnapshot() }
            guard let root = try pool.knowledge().heldRoot else {
                throw SystemError("keep the metadata of \(pool.name)", .noData)
            }
            return try body(root)
        }
    }
}
