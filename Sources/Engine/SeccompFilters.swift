import DockerAPI
import FoundationEssentials
import Hashing
import OCI
import Seccomp
import Synchronization

extension Engine {
    /// The program for a container with that choice of a profile; nil: its calls are not filtered.
    func filter(for host: HostConfig, _ own: SeccompChoice?) async throws -> SeccompProgram? {
        let standard = containerDefaults.seccomp
        return try await pool.run { [filters] in try filters.program(for: host, own: own, standard: standard) }
    }
}

/// The programs of containers' seccomp profiles: each is made once for a profile and a set of capabilities, which takes some
/// milliseconds.
final class SeccompFilters: Sendable {
    private struct Key: Hashable {
        /// Of its text; nil: the default one.
        let profile: Digest?
        let capabilities: [String]
    }

    private let ready = Mutex<[Key: SeccompProgram]>([:])

    /// Nil: the container's calls are not filtered. `own` is its choice, `standard` the daemon's for those that make none.
    func program(for host: HostConfig, own: SeccompChoice?, standard: SeccompChoice) throws -> SeccompProgram? {
        guard let choice = own ?? (host.privileged ? nil : standard), choice != .unconfined else { return nil }
        let capabilities = Capability.set(
            privileged: host.privileged,
            add: host.capAdd ?? [],
            drop: host.capDrop ?? []
        )
        let key = Key(
            profile: choice == .builtin ? nil : Digest.of(choice.description.utf8),
            capabilities: capabilities
        )
        if let there = ready.withLock({ $0[key] }) { return there }
        let made = try make(choice, capabilities)
        ready.withLock {
            // Profiles are as many as users think of.
            if $0.count >= 256 { $0 = [:] }
            $0[key] = made
        }
        return made
    }

    private func make(_ choice: SeccompChoice, _ capabilities: [String]) throws -> SeccompProgram {
        do {
            let profile =
                choice == .builtin
                ? SeccompProfile.standard
                : try JSONDecoder().decode(SeccompProfile.self, from: Data(choice.description.utf8))
            return try SeccompProgram(
                profile.filter(
                    capabilities: Set(capabilities),
                    architecture: Host.architecture,
                    kernel: Host.kernel
                )
            )
        } catch let error as DecodingError {
            throw EngineError(.invalid, "Decoding seccomp profile failed: \(error)")
        } catch { throw EngineError(.invalid, "seccomp profile: \(error)") }
    }
}
