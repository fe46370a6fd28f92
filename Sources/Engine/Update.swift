import Cgroups
package import DockerAPI

/// `update`: what of a container can be changed while it is there.
extension Engine {
    /// Changes the restart policy and limits of resources: those that `asked` names, the others stay. Returns warnings.
    ///
    /// Limits count at once where the container runs. Throws where the kernel refuses one: the record is as it was then, and
    /// so are limits that held before. Sets of processors and weights that were none stay until the container ends.
    package func update(_ name: String, _ asked: HostConfig) async throws -> [String] {
        let container = try containers.find(name)
        var asked = asked
        let warnings = try ResourceChecks.check(&asked, support, processors: Host.processors, isUpdate: true)
        await afterPhase(.starting, of: container)
        if await container.phase == .restarting {
            let reason = "Container \(container.id) is restarting, wait until the container is running"
            throw EngineError(.conflict, "Cannot update container \(container.id): \(reason)")
        }
        var before = HostConfig()
        var after = HostConfig()
        try await container.change { [asked] host in
            before = host
            try Self.merge(asked, into: &host)
            after = host
        }
        if (try? await container.running()) != nil {
            do { try await apply(from: before, to: after, container) } catch {
                // Part of it may hold by now. What can't be taken back either is the kernel's to tell.
                try? await apply(from: after, to: before, container)
                try? await container.change { [before] in Self.restore(before, in: &$0) }
                throw EngineError(.failed, "Cannot update container \(container.id): \(error)")
            }
        }
        emit("update", await container.record)
        return warnings
    }

    private func apply(from old: HostConfig, to new: HostConfig, _ container: Container) async throws {
        guard let limits = SpecResources.changes(from: old, to: new) else { return }
        let group = try await controlGroup(of: container)
        try await pool.run { try group.limit(limits) }
    }

    private static let numbers: [any WritableKeyPath<HostConfig, Int64> & Sendable] = [
        \.cpuShares, \.cpuPeriod, \.cpuQuota, \.nanoCpus, \.memory, \.memorySwap, \.memoryReservation,
        \.cpuRealtimePeriod, \.cpuRealtimeRuntime, \.blkioWeight,
    ]
    private static let lists: [any WritableKeyPath<HostConfig, String> & Sendable] = [\.cpusetCpus, \.cpusetMems]

    /// What an update can change.
    private static func restore(_ old: HostConfig, in host: inout HostConfig) {
        for path in numbers { host[keyPath: path] = old[keyPath: path] }
        for path in lists { host[keyPath: path] = old[keyPath: path] }
        host.pidsLimit = old.pidsLimit
        host.restartPolicy = old.restartPolicy
    }

    /// What is not given, or 0, stays.
    private static func merge(_ asked: HostConfig, into host: inout HostConfig) throws {
        try refuseConflicts(asked, host)
        for path in numbers where asked[keyPath: path] != 0 { host[keyPath: path] = asked[keyPath: path] }
        for path in lists where !asked[keyPath: path].isEmpty { host[keyPath: path] = asked[keyPath: path] }
        if let limit = asked.pidsLimit { host.pidsLimit = limit > 0 ? limit : nil }
        if host.memory > 0 && host.memorySwap > 0 && host.memorySwap < host.memory {
            throw EngineError(.invalid, "Minimum memoryswap limit should be larger than memory limit, see usage")
        }
        guard let policy = asked.restartPolicy, !policy.name.isEmpty else { return }
        try Validation.checkRestarts(policy)
        if host.autoRemove && policy.name != "no" {
            let reason = "Restart policy cannot be updated because AutoRemove is enabled for the container"
            throw EngineError(.invalid, reason)
        }
        host.restartPolicy = policy
    }

    /// Two ways to say one thing must not meet, and memory alone must not be more than memory and swap.
    private static func refuseConflicts(_ asked: HostConfig, _ host: HostConfig) throws {
        for (name, old, new) in [
            ("CPU Period", host.cpuPeriod, asked.cpuPeriod), ("CPU Quota", host.cpuQuota, asked.cpuQuota),
        ] {
            if asked.nanoCpus > 0 && old > 0 {
                let reason = "Nano CPUs cannot be updated as \(name) has already been set"
                throw EngineError(.conflict, "Conflicting options: \(reason)")
            }
            if new > 0 && host.nanoCpus > 0 {
                let reason = "\(name) cannot be updated as NanoCPUs has already been set"
                throw EngineError(.conflict, "Conflicting options: \(reason)")
            }
        }
        if asked.memory > host.memorySwap, asked.memorySwap == 0, host.memorySwap > 0 {
            throw EngineError(
                .conflict,
                "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"
            )
        }
    }
}
