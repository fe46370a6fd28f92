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

    /// Starts what shall run as long as the daemon does, and what was waiting to be started when the last one ended.
    func startWithDaemon() async {
        for container in containers.all where await container.startsWithDaemon {
            do { try await start(container.id) } catch {
                log.warning(
                    "container could not be started with the daemon",
                    metadata: ["container": "\(container.id)", "error": "\(error)"]
                )
            }
        }
    }
}
