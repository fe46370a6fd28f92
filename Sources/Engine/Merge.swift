package import OCI

/// How a container's configuration takes up its image's, by Docker's rules.
package enum Merge {
    package static func config(_ asked: ContainerConfig, with image: ContainerConfig) -> ContainerConfig {
        var merged = asked
        mergeCommand(&merged, image)
        // The image's variables first; those of the user replace them by name.
        merged.env = Spec.overlaid(image.env ?? [], with: asked.env ?? [])
        merged.labels = (image.labels ?? [:]).merging(asked.labels ?? [:]) { $1 }
        if merged.user.isEmpty { merged.user = image.user }
        if merged.workingDir.isEmpty { merged.workingDir = image.workingDir }
        if merged.stopSignal.isEmpty { merged.stopSignal = image.stopSignal }
        if merged.stopTimeout == nil { merged.stopTimeout = image.stopTimeout }
        if merged.shell == nil { merged.shell = image.shell }
        if merged.healthcheck == nil { merged.healthcheck = image.healthcheck }
        merged.exposedPorts.formUnion(image.exposedPorts)
        if let volumes = image.volumes { merged.volumes = (merged.volumes ?? []).union(volumes) }
        return merged
    }

    /// An entry point of the user's drops the image's command; `[""]` takes the image's entry point away.
    private static func mergeCommand(_ merged: inout ContainerConfig, _ image: ContainerConfig) {
        if merged.entrypoint == [""] {
            merged.entrypoint = []
            return
        }
        guard (merged.entrypoint ?? []).isEmpty else { return }
        if (merged.cmd ?? []).isEmpty { merged.cmd = image.cmd }
        merged.entrypoint = image.entrypoint
    }
}
