/// A volume, as every answer shows it.
package struct Volume: Codable, Sendable, Equatable {
    /// RFC 3339.
    @Lenient package var createdAt: String = ""
    @Lenient package var driver: String = "local"
    @Nullable package var labels: [String: String]?
    @Lenient package var mountpoint: String = ""
    @Lenient package var name: String = ""
    @Nullable package var options: [String: String]?
    @Lenient package var scope: String = "local"
    package var usageData: VolumeUsage?

    package enum CodingKeys: String, CodingKey {
        case createdAt = "CreatedAt"
        case driver = "Driver"
        case labels = "Labels"
        case mountpoint = "Mountpoint"
        case name = "Name"
        case options = "Options"
        case scope = "Scope"
        case usageData = "UsageData"
    }

    package init() {}
}

/// What a volume takes, in `GET /system/df`.
package struct VolumeUsage: Codable, Sendable, Equatable {
    package var size: Int64
    /// How many containers have it.
    package var refCount: Int

    package enum CodingKeys: String, CodingKey {
        case size = "Size"
        case refCount = "RefCount"
    }

    package init(size: Int64, refCount: Int) { (self.size, self.refCount) = (size, refCount) }
}

/// The body of `POST /volumes/create`.
package struct VolumeCreateRequest: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""
    @Lenient package var driver: String = ""
    @Lenient package var driverOpts: [String: String] = [:]
    package var labels: [String: String]?

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
        case driver = "Driver"
        case driverOpts = "DriverOpts"
        case labels = "Labels"
    }

    package init() {}
}

/// What is special about a volume's mount.
package struct VolumeOptions: Codable, Sendable, Equatable {
    @Lenient package var noCopy: Bool = false
    package var labels: [String: String]?
    package var driverConfig: VolumeDriverConfig?
    @Lenient package var subpath: String = ""

    package enum CodingKeys: String, CodingKey {
        case noCopy = "NoCopy"
        case labels = "Labels"
        case driverConfig = "DriverConfig"
        case subpath = "Subpath"
    }

    package init() {}
}

/// Who keeps a volume.
package struct VolumeDriverConfig: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""
    @Lenient package var options: [String: String] = [:]

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
        case options = "Options"
    }

    package init() {}
}
