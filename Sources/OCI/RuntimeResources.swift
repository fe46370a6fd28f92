/// What a container may take of its host (runtime-spec, `config-linux.md`, "Control groups"); nil: nothing is limited.
package struct RuntimeResources: Codable, Sendable, Equatable {
    /// Later rules count for more than earlier ones.
    package var devices: [RuntimeDeviceRule]?
    package var memory: RuntimeMemory?
    package var cpu: RuntimeCPU?
    package var pids: RuntimePids?
    package var blockIO: RuntimeBlockIO?
    package var hugepageLimits: [RuntimeHugePageLimit]?
    /// Files of the v2 tree, and what is to be written there.
    package var unified: [String: String]?

    package init() {}
}

/// Which devices may be opened or made, or may not.
package struct RuntimeDeviceRule: Codable, Sendable, Equatable {
    package var allow: Bool
    /// `a` for all, `c` or `b`; nil: `a`.
    package var type: String?
    /// Nil: all numbers.
    package var major: Int64?
    package var minor: Int64?
    /// Some of `r`, `w` and `m`; nil: all.
    package var access: String?

    package init(allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String? = nil) {
        self.allow = allow
        self.type = type
        self.major = major
        self.minor = minor
        self.access = access
    }
}

/// Memory, in bytes; -1: no limit.
package struct RuntimeMemory: Codable, Sendable, Equatable {
    package var limit: Int64?
    package var reservation: Int64?
    /// Memory and swap together.
    package var swap: Int64?
    package var kernelTCP: Int64?
    package var swappiness: Int64?
    package var disableOOMKiller: Bool?

    package init() {}
}

/// Processors and their time, in microseconds.
package struct RuntimeCPU: Codable, Sendable, Equatable {
    package var shares: UInt64?
    package var quota: Int64?
    package var period: UInt64?
    package var realtimeRuntime: Int64?
    package var realtimePeriod: UInt64?
    /// `0-3,7`.
    package var cpus: String?
    package var mems: String?

    package init() {}
}

/// Processes and threads.
package struct RuntimePids: Codable, Sendable, Equatable {
    /// 0 or less: any number.
    package var limit: Int64

    package init(limit: Int64) { self.limit = limit }
}

/// Huge pages of one size.
package struct RuntimeHugePageLimit: Codable, Sendable, Equatable {
    /// `2MB`, `1GB`.
    package var pageSize: String
    /// In bytes.
    package var limit: UInt64

    package init(pageSize: String, limit: UInt64) { (self.pageSize, self.limit) = (pageSize, limit) }
}

/// Reading from and writing to disks.
package struct RuntimeBlockIO: Codable, Sendable, Equatable {
    /// 10 to 1000.
    package var weight: UInt16?
    package var weightDevice: [RuntimeBlockWeight]?
    package var throttleReadBpsDevice: [RuntimeBlockRate]?
    package var throttleWriteBpsDevice: [RuntimeBlockRate]?
    package var throttleReadIOPSDevice: [RuntimeBlockRate]?
    package var throttleWriteIOPSDevice: [RuntimeBlockRate]?

    package init() {}
}

/// One disk's weight.
package struct RuntimeBlockWeight: Codable, Sendable, Equatable {
    package var major: Int64
    package var minor: Int64
    package var weight: UInt16?

    package init(major: Int64, minor: Int64, weight: UInt16) {
        (self.major, self.minor, self.weight) = (major, minor, weight)
    }
}

/// Bytes, or operations, a second for one disk.
package struct RuntimeBlockRate: Codable, Sendable, Equatable {
    package var major: Int64
    package var minor: Int64
    package var rate: UInt64

    package init(major: Int64, minor: Int64, rate: UInt64) {
        (self.major, self.minor, self.rate) = (major, minor, rate)
    }
}
