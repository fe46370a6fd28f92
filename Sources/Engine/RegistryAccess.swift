package import Logging
import OCI
package import Registry
import Synchronization
package import SystemPackage

/// What is shared by all who speak to registries.
package final class RegistryAccess: Sendable {
    private let current: Mutex<RegistrySettings>
    let session = HTTPSession()
    let downloads: Downloads

    /// What came of a blob is kept below the data root until it was taken.
    package init(_ settings: RegistrySettings, dataRoot: FilePath, log: Logger) throws {
        current = Mutex(settings)
        downloads = try Downloads(folder: dataRoot.appending("varve").appending("downloads"), settings, log)
    }

    /// Those that count now.
    package var settings: RegistrySettings { current.withLock { $0 } }

    /// From now on these count; what is under way goes on as it began.
    func change(_ settings: RegistrySettings) {
        current.withLock { $0 = settings }
        downloads.change(settings)
    }

    func repository(
        _ reference: Reference,
        _ credentials: Credentials,
        toPush: Bool = false,
        sources: [String] = []
    ) throws -> RemoteRepository {
        try RemoteRepository(reference, settings, session, credentials, toPush: toPush, sources: sources)
    }
}
