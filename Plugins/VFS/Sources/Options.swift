import GraphDrivers
import Linux

// `--storage-opt`: the daemon's for all layers, and a container's own.

extension VFS {
    /// The daemon's `size`; other keys are refused.
    static func defaultSize(_ options: DriverOptions) throws -> Int64 {
        var size: Int64 = 0
        for (key, value) in options.values {
            guard key.lowercased() == "size" else { throw DriverError.unknownOption(driver: name, key: key) }
            size = try parse(value, of: key)
        }
        return size
    }

    /// What limits a new layer; nil where nothing does.
    func limit(for options: LayerOptions) throws -> ProjectQuota.Limit? {
        var size = options.isWritable ? defaultSize : 0
        for (name, value) in options.storage.sorted(by: { $0.key < $1.key }) {
            guard options.isWritable else {
                let reason = "--storage-opt is not supported for vfs on read-only layers"
                throw DriverError.invalidOption(driver: Self.name, key: name, reason: reason)
            }
            guard name.lowercased() == "size" else {
                let reason = "Storage opt \(name) not supported"
                throw DriverError.invalidOption(driver: Self.name, key: name, reason: reason)
            }
            size = try Self.parse(value, of: name)
            try Self.require(quota, for: name)
        }
        // As Docker has it: so a container can be without the daemon's limit.
        if size == 0 { return nil }
        return try ProjectQuota.Limit(size, by: Self.require(quota, for: "size"))
    }

    /// Refuses `key` where nothing can be limited.
    @discardableResult
    static func require(
        _ quota: Result<ProjectQuota, ProjectQuotaMissing>,
        for key: String
    ) throws -> ProjectQuota {
        do { return try quota.get() } catch {
            let reason = "sizes are limited by project quotas, but \(error), or leave the option out"
            throw DriverError.invalidOption(driver: name, key: key, reason: reason)
        }
    }

    private static func parse(_ value: String, of key: String) throws -> Int64 {
        do { return try parseSize(value) } catch {
            throw DriverError.invalidOption(driver: name, key: key, reason: "\(error)")
        }
    }
}
