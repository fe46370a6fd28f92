package import DockerAPI
import GraphDrivers
import OCI
import Storage

/// `inspect` of an image.
extension Engine {
    package func inspectImage(_ name: String) async throws -> ImageInspect {
        try await onStore { store in
            let image = try store.image(named: name)
            let config = image.config
            var driver = GraphDriverData()
            driver.name = store.driver.name
            driver.data = store.metadata(ofImage: image.id)
            var tree = ImageRootFS()
            tree.type = config.rootfs?.type ?? "layers"
            tree.layers = config.diffIDs.map(\.description)
            var metadata = ImageMetadata()
            metadata.lastTagTime = (image.lastTagged ?? .zero).description
            var shown = ImageInspect(
                containerConfig: config.containerConfig ?? ContainerConfig(),
                config: config.config ?? ContainerConfig(),
                graphDriver: driver,
                rootFS: tree,
                metadata: metadata
            )
            shown.id = image.id.description
            shown.repoTags = image.references.map(\.familiar)
            shown.repoDigests = image.digests.map(\.familiar)
            shown.parent = image.parent?.description ?? ""
            shown.comment = config.comment
            shown.created = config.created?.description ?? ""
            shown.container = config.container
            shown.dockerVersion = config.dockerVersion
            shown.author = config.author
            shown.architecture = config.architecture
            shown.variant = config.variant.isEmpty ? nil : config.variant
            shown.os = config.os
            shown.size = image.size
            shown.virtualSize = image.size
            return shown
        }
    }
}
