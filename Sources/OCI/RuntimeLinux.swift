/// What of a container only Linux has.
package struct RuntimeLinux: Codable, Sendable, Equatable {
    package var namespaces: [RuntimeNamespace]?
    package var uidMappings: [RuntimeIDMapping]?
    package var gidMappings: [RuntimeIDMapping]?
    package var devices: [RuntimeDevice]?
    package var cgroupsPath: String?
    package var resources: RuntimeResources?
    package var sysctl: [String: String]?
    package var rootfsPropagation: String?
    package var maskedPaths: [String]?
    package var readonlyPaths: [String]?
    package var mountLabel: String?
    package var seccomp: RuntimeSeccomp?
    package var personality: RuntimePersonality?
    /// By how much the clocks of a new time namespace differ: `monotonic` and `boottime`.
    package var timeOffsets: [String: RuntimeTimeOffset]?
    package var intelRdt: RuntimeIntelRdt?

    package init() {}
}

/// A namespace to make, or the one at `path` to join.
package struct RuntimeNamespace: Codable, Sendable, Equatable {
    /// `mount`, `pid`, `uts`, `ipc`, `network`, `cgroup`, `user` or `time`.
    package var type: String
    package var path: String?

    package init(type: String) {
        self.type = type
    }
}

/// A range of ids in a user namespace.
package struct RuntimeIDMapping: Codable, Sendable, Equatable {
    package var containerID: UInt32
    package var hostID: UInt32
    package var size: UInt32

    package init(containerID: UInt32, hostID: UInt32, size: UInt32) {
        self.containerID = containerID
        self.hostID = hostID
        self.size = size
    }
}

/// A device node to make.
package struct RuntimeDevice: Codable, Sendable, Equatable {
    /// `c`, `b`, `u` or `p`.
    package var type: String
    package var path: String
    package var major: Int64?
    package var minor: Int64?
    package var fileMode: UInt32?
    package var uid: UInt32?
    package var gid: UInt32?

    package init(type: String, path: String) {
        self.type = type
        self.path = path
    }
}

/// Which Linux the kernel plays for the container: `LINUX` or `LINUX32`.
package struct RuntimePersonality: Codable, Sendable, Equatable {
    package var domain: String
    package var flags: [String]?

    package init(domain: String) { self.domain = domain }
}

/// What is added to a clock.
package struct RuntimeTimeOffset: Codable, Sendable, Equatable {
    package var secs: Int64?
    package var nanosecs: UInt32?

    package init() {}
}

/// Intel's Resource Director: only whether somebody asks for it.
package struct RuntimeIntelRdt: Codable, Sendable, Equatable {
    package init() {}
}
