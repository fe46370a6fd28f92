import GraphDrivers
import Linux
import SystemPackage

// A full pool costs the containers their file systems, so new layers are refused before.

extension DeviceMapper {
    /// Throws where the pool, or the disk that its sparse files are on, has too little room for another layer. Gives
    /// what the pool knows.
    func requireRoom() throws -> PoolStatus {
        let known = try pool.knowledge()
        try pool.requireHealth(of: known)
        guard settings.minimumFree > 0 else { return known }
        // Only where it seems too little: to know it exactly, the pool must write all that it knows.
        if lack(in: known) != nil, let (word, room, least) = try lack(in: pool.status()) {
            throw RoomError(
                text:
                    "Thin Pool has \(room.free) free \(word) blocks which is less than minimum required \(least) free "
                    + "\(word) blocks. Create more free space in thin pool or use dm.min_free_space option to change "
                    + "behavior: remove layers, or grow the pool (\(growCommand(word)))"
            )
        }
        guard hasFiles, case let free = try Self.hostRoom(home), free < Self.least / 2 else { return known }
        throw RoomError(text: "only \(free >> 20) MB are free in \(home), where the pool's files are; make room there")
    }

    /// Of what the pool has too little, and how much it should have.
    private func lack(in status: PoolStatus) -> (word: String, room: PoolStatus.Room, least: UInt64)? {
        for (word, room) in [("data", status.data), ("metadata", status.metadata)] {
            let least = max(1, room.total * settings.minimumFree / 100)
            if room.free < least { return (word, room, least) }
        }
        return nil
    }

    /// Whether the pool is made of sparse files.
    var hasFiles: Bool { pool.isOwn && (settings.dataDevice == nil || settings.metadataDevice == nil) }

    private func growCommand(_ word: String) -> String {
        guard hasFiles else { return "lvextend, for a pool of LVM's" }
        return "varve driver grow \(word == "data" ? "--size" : "--metadata-size") SIZE"
    }
}

/// No room for another layer.
struct RoomError: Error, CustomStringConvertible {
    let text: String
    var description: String { "storage driver \(DeviceMapper.name): \(text)" }
}
