/// An image's configuration: Docker's image JSON and OCI's `image-spec/config.md`, which share their keys.
///
/// The image's ID is the digest of the bytes it was read from; those bytes are kept and never made anew from this value.
package struct ImageConfig: Sendable, Equatable {
    package var architecture = ""
    package var variant = ""
    package var os = ""
    package var osVersion = ""
    package var created: Timestamp?
    package var author = ""
    package var comment = ""
    package var dockerVersion = ""
    /// The container it was committed from.
    package var container = ""
    package var containerConfig: ContainerConfig?
    package var config: ContainerConfig?
    package var history: [ImageHistory] = []
    /// Nil in archives older than Docker 1.10, and in what is no image configuration at all.
    package var rootfs: RootFS?

    package init() {}

    /// The layers' digests, bottom first.
    package var diffIDs: [DiffID] { rootfs?.diffIDs ?? [] }
}

/// What an image's tree is made of.
package struct RootFS: Sendable, Equatable {
    /// `layers`.
    package var type = "layers"
    /// Bottom first.
    package var diffIDs: [DiffID] = []

    package init(diffIDs: [DiffID] = []) { self.diffIDs = diffIDs }
}

/// One step of how an image came to be.
package struct ImageHistory: Sendable, Equatable {
    package var created: Timestamp?
    package var createdBy = ""
    package var author = ""
    package var comment = ""
    /// The step changed the configuration only.
    package var emptyLayer = false

    package init() {}
}

extension ImageConfig: Codable {
    private enum CodingKeys: String, CodingKey {
        case architecture, variant, os, created, author, comment, container, config, history, rootfs
        case osVersion = "os.version"
        case dockerVersion = "docker_version"
        case containerConfig = "container_config"
    }

    package init(from decoder: any Decoder) throws {
        let from = try decoder.container(keyedBy: CodingKeys.self)
        architecture = try from.value(.architecture, or: "")
        variant = try from.value(.variant, or: "")
        os = try from.value(.os, or: "")
        osVersion = try from.value(.osVersion, or: "")
        created = try from.decodeIfPresent(Timestamp.self, forKey: .created)
        author = try from.value(.author, or: "")
        comment = try from.value(.comment, or: "")
        dockerVersion = try from.value(.dockerVersion, or: "")
        container = try from.value(.container, or: "")
        containerConfig = try from.decodeIfPresent(ContainerConfig.self, forKey: .containerConfig)
        config = try from.decodeIfPresent(ContainerConfig.self, forKey: .config)
        history = try from.value(.history, or: [])
        rootfs = try from.decodeIfPresent(RootFS.self, forKey: .rootfs)
    }

    package func encode(to encoder: any Encoder) throws {
        var to = encoder.container(keyedBy: CodingKeys.self)
        try to.encode(architecture, forKey: .architecture)
        try to.encodeUnlessZero(variant, "", .variant)
        try to.encode(os, forKey: .os)
        try to.encodeUnlessZero(osVersion, "", .osVersion)
        try to.encode(created, forKey: .created)
        try to.encodeUnlessZero(author, "", .author)
        try to.encodeUnlessZero(comment, "", .comment)
        try to.encodeUnlessZero(dockerVersion, "", .dockerVersion)
        try to.encodeUnlessZero(container, "", .container)
        try to.encodeIfPresent(containerConfig, forKey: .containerConfig)
        try to.encodeIfPresent(config, forKey: .config)
        try to.encodeUnlessZero(history, [], .history)
        try to.encodeIfPresent(rootfs, forKey: .rootfs)
    }
}

extension RootFS: Codable {
    private enum CodingKeys: String, CodingKey {
        case type
        case diffIDs = "diff_ids"
    }

    package init(from decoder: any Decoder) throws {
        let from = try decoder.container(keyedBy: CodingKeys.self)
        type = try from.value(.type, or: "")
        diffIDs = try from.value(.diffIDs, or: [])
    }

    package func encode(to encoder: any Encoder) throws {
        var to = encoder.container(keyedBy: CodingKeys.self)
        try to.encode(type, forKey: .type)
        try to.encodeUnlessZero(diffIDs, [], .diffIDs)
    }
}

extension ImageHistory: Codable {
    private enum CodingKeys: String, CodingKey {
        case created, author, comment
        case createdBy = "created_by"
        case emptyLayer = "empty_layer"
    }

    package init(from decoder: any Decoder) throws {
        let from = try decoder.container(keyedBy: CodingKeys.self)
        created = try from.decodeIfPresent(Timestamp.self, forKey: .created)
        createdBy = try from.value(.createdBy, or: "")
        author = try from.value(.author, or: "")
        comment = try from.value(.comment, or: "")
        emptyLayer = try from.value(.emptyLayer, or: false)
    }

    package func encode(to encoder: any Encoder) throws {
        var to = encoder.container(keyedBy: CodingKeys.self)
        try to.encodeIfPresent(created, forKey: .created)
        try to.encodeUnlessZero(createdBy, "", .createdBy)
        try to.encodeUnlessZero(author, "", .author)
        try to.encodeUnlessZero(comment, "", .comment)
        try to.encodeUnlessZero(emptyLayer, false, .emptyLayer)
    }
}
