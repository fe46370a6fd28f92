/// The process that a container is made for.
package struct RuntimeProcess: Codable, Sendable, Equatable {
    package var terminal: Bool?
    package var consoleSize: ConsoleSize?
    package var user: RuntimeUser?
    package var args: [String]?
    package var env: [String]?
    package var cwd: String
    package var capabilities: RuntimeCapabilities?
    package var rlimits: [RuntimeRlimit]?
    package var noNewPrivileges: Bool?
    package var oomScoreAdj: Int?
    package var apparmorProfile: String?
    package var selinuxLabel: String?

    package init(cwd: String) {
        self.cwd = cwd
    }
}

/// A terminal's size, in characters.
package struct ConsoleSize: Codable, Sendable, Equatable {
    package var height: UInt16
    package var width: UInt16

    package init(height: UInt16, width: UInt16) {
        self.height = height
        self.width = width
    }
}

/// Whom the process runs as, by number.
package struct RuntimeUser: Codable, Sendable, Equatable {
    package var uid: UInt32 = 0
    package var gid: UInt32 = 0
    package var umask: UInt32?
    package var additionalGids: [UInt32]?

    package init() {}
}

/// Capability sets, by name (`CAP_CHOWN`).
package struct RuntimeCapabilities: Codable, Sendable, Equatable {
    package var bounding: [String]?
    package var effective: [String]?
    package var inheritable: [String]?
    package var permitted: [String]?
    package var ambient: [String]?

    package init() {}
}

/// A resource limit (`RLIMIT_NOFILE`).
package struct RuntimeRlimit: Codable, Sendable, Equatable {
    package var type: String
    package var hard: UInt64
    package var soft: UInt64

    package init(type: String, hard: UInt64, soft: UInt64) {
        self.type = type
        self.hard = hard
        self.soft = soft
    }
}
