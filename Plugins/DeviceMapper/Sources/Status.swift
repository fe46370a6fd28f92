import Glibc
public import GraphDrivers
import Linux
import SystemPackage

// What `docker info` and `docker inspect` show, in Docker's words and order.

extension DeviceMapper {
    /// The pool and how full it is; empty where the pool does not answer.
    public var status: [(key: String, value: String)] {
        guard let status = try? pool.status(), let table = try? pool.table() else { return [] }
        let block = table.blockSectors << 9
        let base = (try? records.device(nil))?.size ?? 0
        return [
            ("Pool Name", pool.name), ("Pool Blocksize", Self.human(block)), ("Base Device Size", Self.human(base)),
            ("Backing Filesystem", fileSystem.rawValue), ("Udev Sync Supported", "false"),
        ] + places(table) + room("Data", status.data, block) + room("Metadata", status.metadata, 4096) + [
            ("Thin Pool Minimum Free Space", Self.human(status.data.total * settings.minimumFree / 100 * block)),
            ("Deferred Removal Enabled", "\(settings.isRemovalDeferred)"),
            ("Deferred Deletion Enabled", "\(settings.isDeletionDeferred)"),
            ("Deferred Deleted Device Count", "\(shared.leavingCount)"), ("Library Version", Control.libraryVersion()),
        ]
    }

    /// Which devices the pool is made of, and the files in them.
    private func places(_ table: PoolTable) -> [(key: String, value: String)] {
        var lines: [(key: String, value: String)] = []
        // Where sysfs does not tell, the numbers must do.
        for (word, number) in [("Data", table.data), ("Metadata", table.metadata)] {
            lines.append(("\(word) file", (try? Pool.device(number).string) ?? number))
        }
        guard pool.isOwn else { return lines }
        if settings.dataDevice == nil { lines.append(("Data loop file", files.data.path.string)) }
        if settings.metadataDevice == nil { lines.append(("Metadata loop file", files.metadata.path.string)) }
        return lines
    }

    /// A sparse file can't use more than its disk has.
    private func room(_ word: String, _ room: PoolStatus.Room, _ block: UInt64) -> [(key: String, value: String)] {
        let host = hasFiles ? (try? Self.hostRoom(home)) ?? .max : .max
        return [
            ("\(word) Space Used", Self.human(room.used * block)),
            ("\(word) Space Total", Self.human(room.total * block)),
            ("\(word) Space Available", Self.human(min(room.free * block, host))),
        ]
    }

    /// The layer's device.
    public func metadata(of id: LayerID) throws -> [String: String] {
        let record = try existing(id)
        return [
            "DeviceId": "\(record.deviceID)", "DeviceSize": "\(record.size)", "DeviceName": pool.device(id),
        ]
    }

    /// `65.54kB`, `10.74GB`: four digits, and units of a thousand.
    static func human(_ bytes: UInt64) -> String {
        var (number, unit) = (Double(bytes), 0)
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        while number >= 1000, unit < units.count - 1 {
            number /= 1000
            unit += 1
        }
        var text = [CChar](repeating: 0, count: 32)
        _ = withVaList([number]) { vsnprintf(&text, text.count, "%.4g", $0) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + units[unit]
    }
}
