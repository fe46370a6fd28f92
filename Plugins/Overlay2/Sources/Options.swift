import GraphDrivers
import Linux

// `--storage-opt`: the daemon's for all layers, and a container's own. Sizes need project quotas.

extension Overlay2 {
    /// The daemon's `overlay2.size`; other keys are refused.
    static func defaultSize(_ options: DriverOptions) throws -> Int64? {
        var size: Int64?
        for (key, value) in options.values {
            switch key.lowercased() {
            case "overlay2.size":
                do { size = try parseSize(value) } catch {
                    throw DriverError.invalidOption(driver: name, key: key, reason: "\(error)")
                }
            case "overlay2.override_kernel_check": break  // Docker 20.10 reads it and does nothing with it
            default: throw DriverError.unknownOption(driver: name, key: key)
            }
        }
        return size
    }

    /// Refuses what a layer's own options ask for.
    static func refuse(_ options: LayerOptions, backing: FileSystemType) throws {
        guard let key = options.storage.keys.min() else { return }
        func invalid(_ reason: String) -> DriverError { .invalidOption(driver: name, key: key, reason: reason) }
        guard key.lowercased() == "size" else { throw DriverError.unknownOption(driver: name, key: key) }
        guard options.isWritable else { throw invalid("--storage-opt size is only supported for ReadWrite Layers") }
        throw invalid(
            "--storage-opt is supported only for overlay over xfs with 'pquota' mount option; found \(backing)"
        )
    }

    static func noQuota(on backing: FileSystemType) -> DriverError {
        let reason =
            backing == .xfs
            ? "this xfs is not mounted with project quotas, or they can't be set here; mount it with 'pquota'"
            : "Storage Option overlay2.size only supported for backingFS XFS. Found \(backing)"
        return .invalidOption(driver: name, key: "overlay2.size", reason: reason)
    }
}
