import Logging
import OCI

/// Containers that start again by themselves.
extension Engine {
    /// Starts the container again after its pause; whoever stops or removes it meanwhile ends that.
    func restartLater(_ container: Container, after pause: Duration) {
        Task {
            // Nobody cancels it: who ends the wait takes the phase away.
            try? await Task.sleep(for: pause)
            guard await container.beginRestart() else { return }
            do { try await run(container) } catch {
                log.warning(
                    "container could not be started again",
                    metadata: ["container": "\(container.id)", "error": "\(error)"]
                )
            }
        }
    }

    /// Waits until the container is not in this phase: during a start nobody can say whether it runs.
    func afterPhase(_ phase: Container.Phase, of container: Container) async {
        while await container.phase == phase { try? await Task.sleep(for: .milliseconds(2)) }
    }

    /// What shall run, each container after those that it links to or whose namespaces it joins.
    private func startOrder() async -> [Container] {
        var wanted: [String: Container] = [:]
        var needs: [String: [String]] = [:]
        for container in containers.all where await container.startsWithDaemon {
            wanted[container.id] = container
            needs[container.id] = StartOrder.needs(await container.host).compactMap { try? containers.find($0).id }
        }
        return StartOrder.sorted(wanted.keys.sorted(), needs: needs).compactMap { wanted[$0] }
    }

    /// Starts what shall run as long as the daemon does, and what was waiting to be started when the last one ended.
    func startWithDaemon() async {
        for container in await startOrder() {
            do {
                if await container.phase != .restarting {
                    try await start(container.id)
                } else if await container.beginRestart() {
                    try await run(container)
                }
            } catch {
                log.warning(
                    "container could not be started with the daemon",
                    metadata: ["container": "\(container.id)", "error": "\(error)"]
                )
            }
        }
    }
}
