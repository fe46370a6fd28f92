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
        if let own = image.healthcheck { merged.healthcheck = health(merged.healthcheck ?? own, with: own) }
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
        // An empty one is one.
        if merged.entrypoint == nil { merged.entrypoint = image.entrypoint }
    }

    /// Each part for itself: who changes the interval keeps the image's command.
    private static func health(_ asked: HealthConfig, with image: HealthConfig) -> HealthConfig {
        var merged = asked
        if (merged.test ?? []).isEmpty { merged.test = image.test }
        if merged.interval == 0 { merged.interval = image.interval }
        if merged.timeout == 0 { merged.timeout = image.timeout }
        if merged.startPeriod == 0 { merged.startPeriod = image.startPeriod }
        if merged.startInterval == 0 { merged.startInterval = image.startInterval }
        if merged.retries == 0 { merged.retries = image.retries }
        return merged
    }
}
