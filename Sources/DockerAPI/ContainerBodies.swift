/// The answer to `POST /containers/create`.
package struct ContainerCreated: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""
    @Lenient package var warnings: [String] = []

    package enum CodingKeys: String, CodingKey {
        case id = "Id"
        case warnings = "Warnings"
    }

    package init() {}
}

/// One container of `GET /containers/json`.
package struct ContainerSummary: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""
    /// Each with a leading `/`.
    @Lenient package var names: [String] = []
    @Lenient package var image: String = ""
    @Lenient package var imageID: String = ""
    @Lenient package var command: String = ""
    /// Seconds since 1970.
    @Lenient package var created: Int64 = 0
    @Lenient package var ports: [Port] = []
    package var sizeRw: Int64?
    package var sizeRootFs: Int64?
    @Lenient package var labels: [String: String] = [:]
    @Lenient package var state: String = ""
    @Lenient package var status: String = ""
    package var hostConfig: HostConfigSummary?
    package var networkSettings: NetworksSummary?
    @Lenient package var mounts: [MountPoint] = []

    package enum CodingKeys: String, CodingKey {
        case id = "Id"
        case names = "Names"
        case image = "Image"
        case imageID = "ImageID"
        case command = "Command"
        case created = "Created"
        case ports = "Ports"
        case sizeRw = "SizeRw"
        case sizeRootFs = "SizeRootFs"
        case labels = "Labels"
        case state = "State"
        case status = "Status"
        case hostConfig = "HostConfig"
        case networkSettings = "NetworkSettings"
        case mounts = "Mounts"
    }

    package init() {}
}

/// What a list shows of the host configuration.
package struct HostConfigSummary: Codable, Sendable, Equatable {
    @Lenient package var networkMode: String = ""

    package enum CodingKeys: String, CodingKey {
        case networkMode = "NetworkMode"
    }

    package init() {}
}

/// What a list shows of the networks.
package struct NetworksSummary: Codable, Sendable, Equatable {
    @Lenient package var networks: [String: Endpoint] = [:]

    package enum CodingKeys: String, CodingKey {
        case networks = "Networks"
    }

    package init() {}
}

/// A port of a container, published or not.
package struct Port: Codable, Sendable, Equatable {
    package var ip: String?
    @Lenient package var privatePort: Int = 0
    package var publicPort: Int?
    @Lenient package var type: String = ""

    package enum CodingKeys: String, CodingKey {
        case ip = "IP"
        case privatePort = "PrivatePort"
        case publicPort = "PublicPort"
        case type = "Type"
    }

    package init() {}
}

/// A mount of a container, as people asked for it.
package struct MountPoint: Codable, Sendable, Equatable {
    @Lenient package var type: String = ""
    @Lenient package var name: String = ""
    @Lenient package var source: String = ""
    @Lenient package var destination: String = ""
    @Lenient package var driver: String = ""
    @Lenient package var mode: String = ""
    @Lenient package var isWritable: Bool = false
    @Lenient package var propagation: String = ""
    /// What was asked for with `--mount`; records have it, answers have not.
    package var spec: MountRequest?

    package enum CodingKeys: String, CodingKey {
        case spec = "Spec"
        case type = "Type"
        case name = "Name"
        case source = "Source"
        case destination = "Destination"
        case driver = "Driver"
        case mode = "Mode"
        case isWritable = "RW"
        case propagation = "Propagation"
    }

    package init() {}
}

/// The answer to `POST /containers/ID/wait`.
package struct WaitResult: Codable, Sendable, Equatable {
    @Lenient package var statusCode: Int = 0
    package var error: WaitError?

    package enum CodingKeys: String, CodingKey {
        case statusCode = "StatusCode"
        case error = "Error"
    }

    package init() {}
}

/// Why waiting ended without an exit code of the container's own.
package struct WaitError: Codable, Sendable, Equatable {
    @Lenient package var message: String = ""

    package enum CodingKeys: String, CodingKey {
        case message = "Message"
    }

    package init() {}
}

/// One path of `GET /containers/ID/changes`.
package struct ChangeItem: Codable, Sendable, Equatable {
    @Lenient package var path: String = ""
    /// 0 modified, 1 added, 2 deleted.
    @Lenient package var kind: Int = 0

    package enum CodingKeys: String, CodingKey {
        case path = "Path"
        case kind = "Kind"
    }

    package init() {}
}

/// The answer to `GET /containers/ID/top`.
package struct TopResult: Codable, Sendable, Equatable {
    @Lenient package var titles: [String] = []
    @Lenient package var processes: [[String]] = []

    package enum CodingKeys: String, CodingKey {
        case titles = "Titles"
        case processes = "Processes"
    }

    package init() {}
}
