package import OCI

/// One image of `GET /images/json`.
package struct ImageSummary: Codable, Sendable, Equatable {
    /// -1: not counted.
    @Lenient package var containers: Int = -1
    @Lenient package var created: Int64 = 0
    @Lenient package var id: String = ""
    @Nullable package var labels: [String: String]?
    @Lenient package var parentID: String = ""
    @Lenient package var repoDigests: [String] = []
    @Lenient package var repoTags: [String] = []
    @Lenient package var sharedSize: Int64 = -1
    @Lenient package var size: Int64 = 0
    package var virtualSize: Int64?

    package enum CodingKeys: String, CodingKey {
        case containers = "Containers"
        case created = "Created"
        case id = "Id"
        case labels = "Labels"
        case parentID = "ParentId"
        case repoDigests = "RepoDigests"
        case repoTags = "RepoTags"
        case sharedSize = "SharedSize"
        case size = "Size"
        case virtualSize = "VirtualSize"
    }

    package init() {}
}

/// What an image's tree is made of.
package struct ImageRootFS: Codable, Sendable, Equatable {
    @Lenient package var type: String = ""
    @Lenient package var layers: [String] = []

    package enum CodingKeys: String, CodingKey {
        case type = "Type"
        case layers = "Layers"
    }

    package init() {}
}

/// What the store knows beyond the image itself.
package struct ImageMetadata: Codable, Sendable, Equatable {
    @Lenient package var lastTagTime: String = ""

    package enum CodingKeys: String, CodingKey {
        case lastTagTime = "LastTagTime"
    }

    package init() {}
}

/// The answer to `GET /images/NAME/json`.
package struct ImageInspect: Codable, Sendable, Equatable {
    @Lenient package var id: String = ""
    @Lenient package var repoTags: [String] = []
    @Lenient package var repoDigests: [String] = []
    @Lenient package var parent: String = ""
    @Lenient package var comment: String = ""
    @Lenient package var created: String = ""
    @Lenient package var container: String = ""
    /// compose 1.29 needs it.
    package var containerConfig: ContainerConfig
    @Lenient package var dockerVersion: String = ""
    @Lenient package var author: String = ""
    package var config: ContainerConfig
    @Lenient package var architecture: String = ""
    package var variant: String?
    @Lenient package var os: String = ""
    @Lenient package var size: Int64 = 0
    @Lenient package var virtualSize: Int64 = 0
    package var graphDriver: GraphDriverData
    package var rootFS: ImageRootFS
    package var metadata: ImageMetadata

    package enum CodingKeys: String, CodingKey {
        case id = "Id"
        case repoTags = "RepoTags"
        case repoDigests = "RepoDigests"
        case parent = "Parent"
        case comment = "Comment"
        case created = "Created"
        case container = "Container"
        case containerConfig = "ContainerConfig"
        case dockerVersion = "DockerVersion"
        case author = "Author"
        case config = "Config"
        case architecture = "Architecture"
        case variant = "Variant"
        case os = "Os"
        case size = "Size"
        case virtualSize = "VirtualSize"
        case graphDriver = "GraphDriver"
        case rootFS = "RootFS"
        case metadata = "Metadata"
    }

    package init(
        containerConfig: ContainerConfig,
        config: ContainerConfig,
        graphDriver: GraphDriverData,
        rootFS: ImageRootFS,
        metadata: ImageMetadata
    ) {
        self.containerConfig = containerConfig
        self.config = config
        self.graphDriver = graphDriver
        self.rootFS = rootFS
        self.metadata = metadata
    }
}

/// One step of `GET /images/NAME/history`, newest first.
package struct HistoryItem: Codable, Sendable, Equatable {
    @Lenient package var comment: String = ""
    @Lenient package var created: Int64 = 0
    @Lenient package var createdBy: String = ""
    /// `<missing>` where no image of its own ended in this step.
    @Lenient package var id: String = ""
    @Lenient package var size: Int64 = 0
    @Nullable package var tags: [String]?

    package enum CodingKeys: String, CodingKey {
        case comment = "Comment"
        case created = "Created"
        case createdBy = "CreatedBy"
        case id = "Id"
        case size = "Size"
        case tags = "Tags"
    }

    package init() {}
}

/// One line of what `DELETE /images/NAME` did.
package struct ImageDeleteItem: Codable, Sendable, Equatable {
    package var untagged: String?
    package var deleted: String?

    package enum CodingKeys: String, CodingKey {
        case untagged = "Untagged"
        case deleted = "Deleted"
    }

    package init() {}
}
