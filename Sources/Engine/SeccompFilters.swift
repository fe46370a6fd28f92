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

    /// The same as rules, for a runtime that makes the program itself.
    func rules(for host: HostConfig, _ own: SeccompChoice?) async throws -> RuntimeSeccomp? {
        let standard = containerDefaults.seccomp
        return try await pool.run {
            guard let choice = SeccompFilters.choice(for: host, own: own, standard: standard) else { return nil }
            return try SeccompFilters.rules(choice, SeccompFilters.capabilities(of: host))
        }
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
        guard let choice = Self.choice(for: host, own: own, standard: standard) else { return nil }
        let capabilities = Self.capabilities(of: host)
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

    /// Nil: the container's calls are not filtered.
    static func choice(for host: HostConfig, own: SeccompChoice?, standard: SeccompChoice) -> SeccompChoice? {
        let choice = own ?? (host.privileged ? nil : standard)
        return choice == .unconfined ? nil : choice
    }

    static func capabilities(of host: HostConfig) -> [String] {
        Capability.set(privileged: host.privileged, add: host.capAdd ?? [], drop: host.capDrop ?? [])
    }

    private func make(_ choice: SeccompChoice, _ capabilities: [String]) throws -> SeccompProgram {
        let rules = try Self.rules(choice, capabilities)
        do { return try SeccompProgram(rules) } catch { throw EngineError(.invalid, "seccomp profile: \(error)") }
    }

    static func rules(_ choice: SeccompChoice, _ capabilities: [String]) throws -> RuntimeSeccomp {
        do {
            let profile =
                choice == .builtin
                ? SeccompProfile.standard
                : try JSONDecoder().decode(SeccompProfile.self, from: Data(choice.description.utf8))
            return try profile.filter(
                capabilities: Set(capabilities),
                architecture: Host.architecture,
                kernel: Host.kernel
            )
        } catch let error as DecodingError {
            throw EngineError(.invalid, "Decoding seccomp profile failed: \(error)")
        } catch { throw EngineError(.invalid, "seccomp profile: \(error)") }
    }
}
