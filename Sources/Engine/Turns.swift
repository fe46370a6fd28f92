/// One at a time, for each key: who comes later waits, and goes on in the order in which they came.
actor Turns {
    private var busy: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Waits until it is this one's turn; `end` must follow.
    func begin(_ key: String) async {
        guard busy[key] != nil else { return busy[key] = [] }
        await withCheckedContinuation { busy[key]?.append($0) }
    }

    /// The next one goes on.
    func end(_ key: String) {
        guard var waiting = busy[key] else { return }
        guard !waiting.isEmpty else { return busy[key] = nil }
        let next = waiting.removeFirst()
        busy[key] = waiting
        next.resume()
    }
}

extension Engine {
    /// Runs `body` while nothing else changes what the container has of networks: its start, its end, and who connects it.
    func inTurn<T: Sendable>(_ id: String, _ body: () async throws -> T) async throws -> T {
        await networkTurns.begin(id)
        do {
            let result = try await body()
            await networkTurns.end(id)
            return result
        } catch {
            await networkTurns.end(id)
            throw error
        }
    }
}
