import GraphDrivers
import Linux

/// The daemon's `--storage-opt`.
struct Options {
    /// No layer may be limited to fewer bytes (Docker's `btrfs.min_space`).
    var smallest: Int64 = 0
    /// Whether quotas are switched on as simple ones, which marks the file system for good: see `Quotas`.
    var prefersSimple = false

    init(_ options: DriverOptions) throws {
        for (key, value) in options.values {
            switch key.lowercased() {
            case "btrfs.min_space":
                do { smallest = try parseSize(value) } catch { throw Self.invalid(key, "\(error)") }
            case "btrfs.quota":
                guard ["simple", "classic"].contains(value) else {
                    throw Self.invalid(key, "'\(value)' is neither simple nor classic")
                }
                prefersSimple = value == "simple"
            default: throw DriverError.unknownOption(driver: Btrfs.name, key: key)
            }
        }
    }

    /// The bytes that a layer is to be limited to, or nil; `block` is the file system's block of metadata.
    func size(of layer: LayerOptions, block: () throws -> UInt32) throws -> Int64? {
        var size: Int64?
        for (key, value) in layer.storage {
            guard key.lowercased() == "size" else { throw DriverError.unknownOption(driver: Btrfs.name, key: key) }
            let wanted: Int64
            do { wanted = try parseSize(value) } catch { throw Self.invalid(key, "\(error)") }
            guard wanted > 0 else {
                throw Self.invalid(key, "invalid storage size '\(value)'; a limit is at least one byte")
            }
            guard wanted >= smallest else {
                throw Self.invalid(
                    key,
                    "storage size cannot be less than \(smallest) bytes (btrfs.min_space); '\(value)' is"
                )
            }
            let needed = Int64(try block()) * Self.blocks
            guard wanted >= needed else {
                let reason = "'\(value)' is too small: making one file takes up to \(needed) bytes of metadata here"
                throw Self.invalid(key, "\(reason); give at least that")
            }
            size = wanted
        }
        return size
    }

    /// What the kernel sets aside for one operation, and twice that: it is never more than eight blocks.
    private static let blocks: Int64 = 16

    private static func invalid(_ key: String, _ reason: String) -> DriverError {
        .invalidOption(driver: Btrfs.name, key: key, reason: reason)
    }
}
