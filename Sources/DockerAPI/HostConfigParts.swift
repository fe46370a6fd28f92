/// Where output goes: a log driver and its options.
package struct LogConfig: Codable, Sendable, Equatable {
    @Lenient package var type: String = ""
    package var config: [String: String]?

    package enum CodingKeys: String, CodingKey {
        case type = "Type"
        case config = "Config"
    }

    package init() {}
}

/// `no`, `always`, `unless-stopped` or `on-failure`.
package struct RestartPolicy: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""
    @Lenient package var maximumRetryCount: Int = 0

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
        case maximumRetryCount = "MaximumRetryCount"
    }

    package init() {}
}

/// One end of a published port on the host.
package struct PortBinding: Codable, Sendable, Equatable {
    @Lenient package var hostIP: String = ""
    @Lenient package var hostPort: String = ""

    package enum CodingKeys: String, CodingKey {
        case hostIP = "HostIp"
        case hostPort = "HostPort"
    }

    package init() {}
}

/// A device of the host in the container.
package struct DeviceMapping: Codable, Sendable, Equatable {
    @Lenient package var pathOnHost: String = ""
    @Lenient package var pathInContainer: String = ""
    @Lenient package var cgroupPermissions: String = ""

    package enum CodingKeys: String, CodingKey {
        case pathOnHost = "PathOnHost"
        case pathInContainer = "PathInContainer"
        case cgroupPermissions = "CgroupPermissions"
    }

    package init() {}
}

/// Devices that a device driver is to choose.
package struct DeviceRequest: Codable, Sendable, Equatable {
    @Lenient package var driver: String = ""
    @Lenient package var count: Int = 0
    @Nullable package var deviceIDs: [String]?
    @Nullable package var capabilities: [[String]]?
    @Nullable package var options: [String: String]?

    package enum CodingKeys: String, CodingKey {
        case driver = "Driver"
        case count = "Count"
        case deviceIDs = "DeviceIDs"
        case capabilities = "Capabilities"
        case options = "Options"
    }

    package init() {}
}

/// One disk's weight among those who use it.
package struct BlockWeight: Codable, Sendable, Equatable {
    @Lenient package var path: String = ""
    @Lenient package var weight: Int64 = 0

    package enum CodingKeys: String, CodingKey {
        case path = "Path"
        case weight = "Weight"
    }

    package init() {}
}

/// How many bytes, or operations, a second go to or from one disk.
package struct BlockRate: Codable, Sendable, Equatable {
    @Lenient package var path: String = ""
    @Lenient package var rate: Int64 = 0

    package enum CodingKeys: String, CodingKey {
        case path = "Path"
        case rate = "Rate"
    }

    package init() {}
}

/// A resource limit.
package struct Ulimit: Codable, Sendable, Equatable {
    @Lenient package var name: String = ""
    @Lenient package var hard: Int64 = 0
    @Lenient package var soft: Int64 = 0

    package enum CodingKeys: String, CodingKey {
        case name = "Name"
        case hard = "Hard"
        case soft = "Soft"
    }

    package init() {}
}

/// One `--mount`.
package struct MountRequest: Codable, Sendable, Equatable {
    /// `bind`, `volume`, `tmpfs` or `image`.
    @Lenient package var type: String = ""
    @Lenient package var source: String = ""
    @Lenient package var target: String = ""
    @Lenient package var readOnly: Bool = false
    @Lenient package var consistency: String = ""
    package var bindOptions: BindOptions?
    package var tmpfsOptions: TmpfsOptions?
    package var volumeOptions: VolumeOptions?
    package var imageOptions: ImageOptions?

    package enum CodingKeys: String, CodingKey {
        case type = "Type"
        case source = "Source"
        case target = "Target"
        case readOnly = "ReadOnly"
        case consistency = "Consistency"
        case bindOptions = "BindOptions"
        case tmpfsOptions = "TmpfsOptions"
        case volumeOptions = "VolumeOptions"
        case imageOptions = "ImageOptions"
    }

    package init() {}
}

/// What is special about the mount of an image.
package struct ImageOptions: Codable, Sendable, Equatable {
    /// The part that is mounted; empty: all of it.
    @Lenient package var subpath: String = ""

    package enum CodingKeys: String, CodingKey { case subpath = "Subpath" }

    package init() {}
}

/// What is special about a bind mount.
package struct BindOptions: Codable, Sendable, Equatable {
    @Lenient package var propagation: String = ""
    @Lenient package var nonRecursive: Bool = false
    @Lenient package var createMountpoint: Bool = false
    /// What is mounted below the source stays writable.
    @Lenient package var readOnlyNonRecursive: Bool = false
    @Lenient package var readOnlyForceRecursive: Bool = false

    package enum CodingKeys: String, CodingKey {
        case propagation = "Propagation"
        case nonRecursive = "NonRecursive"
        case createMountpoint = "CreateMountpoint"
        case readOnlyNonRecursive = "ReadOnlyNonRecursive"
        case readOnlyForceRecursive = "ReadOnlyForceRecursive"
    }

    package init() {}
}

/// What is special about a tmpfs.
package struct TmpfsOptions: Codable, Sendable, Equatable {
    @Lenient package var sizeBytes: Int64 = 0
    /// Go's `os.FileMode`.
    @Lenient package var mode: Int = 0

    package enum CodingKeys: String, CodingKey {
        case sizeBytes = "SizeBytes"
        case mode = "Mode"
    }

    package init() {}
}
