package import DockerAPI
import FoundationEssentials
import Linux
package import OCI
package import Registry

extension Engine {
    /// Asks a registry whether it knows the user.
    package func login(_ credentials: Credentials) async throws {
        do {
            try await pool.run { [registry] in
                try Login.check(credentials, registry.settings, registry.session, Cancellation())
            }
        } catch let error as RegistryError {
            if case .denied(_, _, let reason) = error { throw EngineError(.unauthorized, reason) }
            throw EngineError(.failed, error.description)
        }
    }

    /// Images whose names or descriptions match; at most `limit`, 0 for Docker's 25.
    package func search(
        _ term: String,
        limit: Int,
        filters: [String: [String]],
        _ credentials: Credentials
    ) async throws -> [FoundImage] {
        guard !term.isEmpty else { throw EngineError(.invalid, "Search term cannot be empty: say what to search for") }
        guard (0...100).contains(limit) else {
            throw EngineError(.invalid, "Limit \(limit) is outside the range of [1, 100]")
        }
        let (official, automated) = (try filters.boolean("is-official"), try filters.boolean("is-automated"))
        let stars = try (filters["stars"] ?? []).map { text in
            guard let stars = Int(text) else { throw EngineError(.invalid, "invalid filter 'stars=[\(text)]'") }
            return stars
        }
        let cancellation = Cancellation()
        let found = try await onRegistry(cancellation) { [registry] in
            try Search.run(
                term,
                limit: limit == 0 ? 25 : limit,
                credentials,
                registry.settings,
                registry.session,
                cancellation
            )
        }
        return found.filter { image in
            image.isOfficial == official ?? image.isOfficial && image.isAutomated == automated ?? image.isAutomated
                && stars.allSatisfy { image.stars >= $0 }
        }
    }

    /// What a registry has under a name, and for which platforms.
    package func distribution(of reference: Reference, _ credentials: Credentials) async throws -> DistributionInspect {
        let reference = reference.tagged
        let cancellation = Cancellation()
        return try await onRegistry(cancellation) { [registry] in
            let repository = try registry.repository(reference, credentials)
            let name = reference.digest?.description ?? reference.tag ?? "latest"
            let found = try repository.manifest(name, cancellation)
            let descriptor = Descriptor(
                mediaType: found.mediaType,
                digest: found.digest,
                size: Int64(found.bytes.count)
            )
            let decoder = JSONDecoder()
            if let index = try? decoder.decode(Index.self, from: Data(found.bytes)) {
                return DistributionInspect(descriptor: descriptor, platforms: index.manifests.compactMap(\.platform))
            }
            guard let manifest = try? decoder.decode(Manifest.self, from: Data(found.bytes)) else {
                return DistributionInspect(descriptor: descriptor, platforms: [])
            }
            let config = try repository.blob(manifest.config, limit: 8 << 20, cancellation)
            let platform = try? decoder.decode(Platform.self, from: Data(config))
            return DistributionInspect(descriptor: descriptor, platforms: platform.map { [$0] } ?? [])
        }
    }
}
