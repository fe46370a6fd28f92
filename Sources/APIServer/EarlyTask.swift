import Engine

/// Something that waits for a container from before the answer's headers are sent: a client starts the container as soon
/// as it has those, and what happens then must not be missed.
///
/// Cancelled with its owner, so that a client that goes before it has its headers leaves nobody waiting.
final class EarlyTask<Value: Sendable>: Sendable {
    private let task: Task<Value, any Error>

    /// Returns when `wait`, whose first step must be a call of `container`, stands in the container's queue.
    init(_ container: Container, _ wait: @escaping @Sendable () async throws -> Value) async {
        // Runs up to the container's queue at once ...
        task = Task.immediate { try await wait() }
        // ... and this stands behind it there.
        _ = await container.phase
    }

    /// What it came to; the task is cancelled with the caller's.
    var value: Value {
        get async throws {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
    }

    deinit { task.cancel() }
}
