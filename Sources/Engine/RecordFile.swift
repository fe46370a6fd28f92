import DockerAPI
import Synchronization

/// `config.v2.json` of one container: a loss of power leaves the last record or an earlier one, never an empty file.
final class RecordFile: Sendable {
    private let folder: ContainerFolder
    /// Nil for a container that an earlier daemon made.
    private let made: ContinuousClock.Instant?
    private let pool: BlockingPool
    /// The last change that was written to the disk.
    private let written = Mutex(0)

    init(_ folder: ContainerFolder, made: ContinuousClock.Instant?, _ pool: BlockingPool) {
        self.folder = folder
        self.made = made
        self.pool = pool
    }

    /// Writes the host configuration, which is changed by people and seldom.
    func save(_ host: HostConfig) throws { try folder.save(host, flush: true) }

    /// Writes the record as it is after the container's `change`th change; of two at once the later one stays.
    func save(_ record: ContainerRecord, change: Int) async throws {
        // The store flushes the disk when a container is 30 s old, and doubts it until then: nobody waits for the disk.
        if let made, made.duration(to: .now) < .seconds(25) { return try folder.save(record, flush: false) }
        try await pool.run { [self] in
            try written.withLock { written in
                guard change > written else { return }
                try folder.save(record, flush: true)
                written = change
            }
        }
    }
}
