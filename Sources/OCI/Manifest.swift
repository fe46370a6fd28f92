/// Points at a blob: what it is, its digest, its size.
///
/// `image-spec/descriptor.md`.
package struct Descriptor: Sendable, Equatable, Codable {
    package var mediaType: String?
    package var digest: Digest
    package var size: Int64
    package var platform: Platform?
    package var annotations: [String: String]?

    package init(
        mediaType: String,
        digest: Digest,
        size: Int64,
        platform: Platform? = nil,
        annotations: [String: String]? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.platform = platform
        self.annotations = annotations
    }
}

/// What an image was made for.
package struct Platform: Sendable, Equatable, Codable {
    package var architecture: String
    package var os: String
    package var variant: String?

    package init(architecture: String, os: String, variant: String? = nil) {
        self.architecture = architecture
        self.os = os
        self.variant = variant
    }
}

/// One image for one platform: its configuration and its layers, bottom first.
///
/// `image-spec/manifest.md`, Docker's schema 2.
package struct Manifest: Sendable, Equatable, Codable {
    package var schemaVersion = 2
    package var mediaType: String?
    package var config: Descriptor
    package var layers: [Descriptor]

    package init(mediaType: String = MediaType.manifest, config: Descriptor, layers: [Descriptor]) {
        self.mediaType = mediaType
        self.config = config
        self.layers = layers
    }
}

/// A list of manifests, or of further lists.
///
/// `image-spec/image-index.md`, Docker's manifest list.
package struct Index: Sendable, Equatable, Codable {
    package var schemaVersion = 2
    package var mediaType: String?
    package var manifests: [Descriptor]

    package init(mediaType: String? = MediaType.index, manifests: [Descriptor]) {
        self.mediaType = mediaType
        self.manifests = manifests
    }
}

/// The media types this project writes or must tell apart.
package enum MediaType {
    package static let index = "application/vnd.oci.image.index.v1+json"
    package static let manifest = "application/vnd.oci.image.manifest.v1+json"
    package static let config = "application/vnd.oci.image.config.v1+json"
    package static let layer = "application/vnd.oci.image.layer.v1.tar"
    package static let dockerConfig = "application/vnd.docker.container.image.v1+json"
    package static let dockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    package static let dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json"
    package static let dockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
}

extension Platform {
    /// What this program was built for, in OCI's (Go's) words.
    package static var host: Platform {
        #if arch(arm64)
            Platform(architecture: "arm64", os: "linux")
        #else
            Platform(architecture: "amd64", os: "linux")
        #endif
    }
}
