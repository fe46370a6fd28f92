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
