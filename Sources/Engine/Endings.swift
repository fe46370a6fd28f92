import DockerAPI
import Logging
import OCI
import RuntimeProtocol

/// What listeners are told when a container's process begins or ends, besides that it did.
extension Engine {
    /// `mount` or `unmount` of each of its volumes.
    func tell(ofVolumes action: String, _ record: ContainerRecord) {
        for point in record.shownMounts where point.type == "volume" {
            var attributes = ["container": record.id, "driver": point.driver.isEmpty ? "local" : point.driver]
            if action == "mount" {
                attributes["destination"] = point.destination
                attributes["propagation"] = point.propagation
                attributes["read/write"] = "\(point.isWritable)"
            }
            events.emit("volume", action, id: point.name, attributes: attributes)
        }
    }

    /// Waits while the container's end is written down, and thus shown, and its layer not let go yet: a moment, in which it
    /// can't be started or removed.
    func afterEnding(of container: Container) async {
        while await container.isEnding { try? await Task.sleep(for: .milliseconds(2)) }
    }

    /// The kernel killed processes of the container for want of memory; the container may go on.
    func noteKill(in container: Container) async {
        do { try await container.noteKill() } catch {
            log.error(
                "lack of memory not written down",
                metadata: ["container": "\(container.id)", "error": "\(error)"]
            )
        }
        emit("oom", await container.record)
    }

    /// `record` as it was while it ran.
    func tellOfEnd(_ record: ContainerRecord, _ exit: ExitRecord, leaving left: [Network]) {
        let began = Timestamp(record.state.startedAt) ?? exit.finishedAt
        let seconds = max(0, exit.finishedAt.seconds - began.seconds)
        // Of one that no daemon saw, or could be told of, as it happened.
        if exit.lackedMemory == true, !record.state.oomKilled { emit("oom", record) }
        emit("die", record, ["execDuration": "\(seconds)", "exitCode": "\(exit.exitCode)"])
        tell(of: record.id, leaving: left)
        tell(ofVolumes: "unmount", record)
    }
}
