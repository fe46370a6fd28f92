package import DockerAPI

/// `update`: what of a container can be changed while it is there.
extension Engine {
    /// Changes the restart policy; limits of resources are refused, since no container has any yet.
    package func update(_ name: String, _ asked: HostConfig) async throws {
        let container = try containers.find(name)
        let hasLimits =
            asked.memory != 0 || asked.memorySwap != 0 || asked.memoryReservation != 0 || asked.cpuShares != 0
            || asked.cpuPeriod != 0 || asked.cpuQuota != 0 || asked.nanoCpus != 0 || !asked.cpusetCpus.isEmpty
            || !asked.cpusetMems.isEmpty || asked.pidsLimit ?? 0 != 0
        if hasLimits { throw EngineError(.unsupported, "limits of resources are not there yet: they can't be updated") }
        guard let policy = asked.restartPolicy, !policy.name.isEmpty else { return }
        try Validation.checkRestarts(policy)
        if await container.host.autoRemove && policy.name != "no" {
            let reason = "Restart policy cannot be updated because AutoRemove is enabled for the container"
            throw EngineError(.invalid, reason)
        }
        try await container.change(policy)
        emit("update", await container.record)
    }
}
