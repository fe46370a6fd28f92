package import DockerAPI
package import OCI
import SystemPackage

/// A container as `containers/<id>/config.v2.json` keeps it, in dockerd's form: it lists and starts containers made here,
/// and containers made there are read by this.
package struct ContainerRecord: Codable, Sendable, Equatable {
    package var id: String
    /// RFC 3339.
    package var created: String
    /// The program, and its arguments.
    package var path: String
    package var args: [String]
    package var config: ContainerConfig
    /// The image's ID.
    package var image: String
    package var name: String
    /// The storage driver that keeps its layer.
    package var driver: String
    package var state: ContainerState
    package var networkSettings: NetworkSettings
    package var logPath: String
    package var hostnamePath: String
    package var hostsPath: String
    package var resolvConfPath: String
    @Lenient package var restartCount: Int = 0
    @Lenient package var hasBeenStartedBefore: Bool = false
    @Lenient package var hasBeenManuallyStopped: Bool = false
    @Lenient package var os: String = "linux"
    /// dockerd rejects a record without it.
    package var mountPoints: [String: MountPoint]? = [:]
    /// What `--security-opt` and the daemon said when it was made: dockerd goes by these alone.
    @Lenient package var noNewPrivileges: Bool = false
    /// `unconfined`, `builtin`, a profile's JSON, or empty: the daemon's.
    @Lenient package var seccompProfile: String = ""
    @Lenient package var appArmorProfile: String = ""
    /// The SELinux contexts of its processes and its files; empty: none.
    @Lenient package var processLabel: String = ""
    @Lenient package var mountLabel: String = ""

    private enum CodingKeys: String, CodingKey {
        case id = "ID"
        case created = "Created"
        case path = "Path"
        case args = "Args"
        case config = "Config"
        case image = "Image"
        case name = "Name"
        case driver = "Driver"
        case state = "State"
        case networkSettings = "NetworkSettings"
        case logPath = "LogPath"
        case hostnamePath = "HostnamePath"
        case hostsPath = "HostsPath"
        case resolvConfPath = "ResolvConfPath"
        case restartCount = "RestartCount"
        case hasBeenStartedBefore = "HasBeenStartedBefore"
        case hasBeenManuallyStopped = "HasBeenManuallyStopped"
        case os = "OS"
        case mountPoints = "MountPoints"
        case noNewPrivileges = "NoNewPrivileges"
        case seccompProfile = "SeccompProfile"
        case appArmorProfile = "AppArmorProfile"
        case processLabel = "ProcessLabel"
        case mountLabel = "MountLabel"
    }
}

extension ContainerRecord {
    /// The name without Docker's leading `/`.
    var plainName: String { name.hasPrefix("/") ? String(name.dropFirst()) : name }

    /// Writes down what a container that is being made keeps of its security.
    mutating func take(_ options: SecurityOptions, _ standard: ContainerDefaults, _ labels: ContainerLabels) {
        noNewPrivileges = options.noNewPrivileges ?? standard.noNewPrivileges
        seccompProfile = options.seccomp?.description ?? ""
        appArmorProfile = options.appArmor ?? ""
        (processLabel, mountLabel) = (labels.process, labels.mount)
    }

    /// Names the files in `folder`, which may have been moved since the record was written.
    mutating func place(in folder: FilePath) {
        logPath = "\(folder)/\(id)-json.log"
        hostnamePath = "\(folder)/hostname"
        hostsPath = "\(folder)/hosts"
        resolvConfPath = "\(folder)/resolv.conf"
    }

    init(
        id: String,
        name: String,
        created: String,
        folder: FilePath,
        config: ContainerConfig,
        image: String,
        driver: String
    ) {
        self.id = id
        self.name = "/" + name
        self.created = created
        self.config = config
        self.image = image
        self.driver = driver
        let words = (config.entrypoint ?? []) + (config.cmd ?? [])
        path = words.first ?? ""
        args = Array(words.dropFirst())
        state = ContainerState()
        state.status = "created"
        state.startedAt = Timestamp.zero.description
        state.finishedAt = Timestamp.zero.description
        networkSettings = NetworkSettings()
        (logPath, hostnamePath, hostsPath, resolvConfPath) = ("", "", "", "")
        place(in: folder)
    }
}
