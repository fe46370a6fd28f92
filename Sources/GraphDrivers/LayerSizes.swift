public import Linux
public import SystemPackage

/// The sizes of layers that are folders, kept by project quotas: the daemon's for all containers, and a container's own
/// (`--storage-opt size=`).
public struct LayerSizes: Sendable {
    private let driver: String
    /// The daemon's option.
    private let key: String
    /// 0 is none.
    private let size: Int64
    private let quota: Result<ProjectQuota, ProjectQuotaMissing>

    /// Looks whether sizes can be kept in `folder`, the layers' home; refuses a daemon's size where they can't.
    ///
    /// `node` is made where a kernel before 5.14 needs it.
    public init(_ option: Option, in folder: FilePath, node: FilePath) throws {
        (driver, key, size) = (option.driver, option.key, option.size)
        quota = Result { () throws(ProjectQuotaMissing) in try ProjectQuota(in: folder, node: node) }
        if size > 0 { _ = try quota(for: key) }
    }

    /// The daemon's option, before anything was made.
    public struct Option: Sendable {
        let driver: String
        let key: String
        private(set) var size: Int64 = 0

        /// Reads `key`, refuses all others but `ignored` ones.
        public init(_ key: String, of driver: String, in options: DriverOptions, ignored: Set<String> = []) throws {
            (self.driver, self.key) = (driver, key)
            for (name, value) in options.values where !ignored.contains(name.lowercased()) {
                guard name.lowercased() == key else { throw DriverError.unknownOption(driver: driver, key: name) }
                size = try LayerSizes.parse(value, of: name, driver)
            }
        }
    }

    /// Whether this host's kernel keeps sizes here.
    public var areKept: Bool {
        if case .success = quota { true } else { false }
    }

    /// What limits a new layer; nil where nothing does.
    public func limit(for options: LayerOptions) throws -> ProjectQuota.Limit? {
        var size = options.isWritable ? size : 0
        for (name, value) in options.storage.sorted(by: { $0.key < $1.key }) {
            guard name.lowercased() == "size" else { throw DriverError.unknownOption(driver: driver, key: name) }
            guard options.isWritable else {
                let reason = "--storage-opt size is only supported for read-write layers"
                throw DriverError.invalidOption(driver: driver, key: name, reason: reason)
            }
            size = try Self.parse(value, of: name, driver)
            _ = try quota(for: name)
        }
        // As Docker has it: so a container can be without the daemon's limit.
        return size == 0 ? nil : try ProjectQuota.Limit(size, by: quota(for: key))
    }

    /// Takes the limit off a layer's folder, which is deleted next.
    public func end(_ folder: FilePath) throws { if case .success(let quota) = quota { try quota.end(folder) } }

    /// Refuses `key` where nothing can be limited.
    private func quota(for key: String) throws -> ProjectQuota {
        do { return try quota.get() } catch {
            let reason = "sizes are limited by project quotas, but \(error), or leave the option out"
            throw DriverError.invalidOption(driver: driver, key: key, reason: reason)
        }
    }

    private static func parse(_ value: String, of key: String, _ driver: String) throws -> Int64 {
        do { return try parseSize(value) } catch {
            throw DriverError.invalidOption(driver: driver, key: key, reason: "\(error)")
        }
    }
}
