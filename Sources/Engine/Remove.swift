import DockerAPI
import Glibc
import Launcher
import Linux
import Logging
import Storage
import SystemPackage

/// `rm`: the layer, the record, and what is in the exec root.
extension Engine {
    /// Removes a container; with `force` one that runs is killed first, with `volumes` those go that nobody named.
    package func remove(_ name: String, force: Bool, volumes: Bool = false) async throws {
        let began = ContinuousClock.now
        defer { metrics.took(.delete, since: began) }
        let container = try containers.find(name)
        if force { try await end(container) } else { await afterEnding(of: container) }
        if force, await container.host.autoRemove {
            // Its own end removes it; there is nothing left to do but wait for that.
            if await [.removing, .gone].contains(container.phase) { return _ = await container.wait(for: .removed) }
        }
        try await container.beginRemoval()
        try await finishRemoval(container, volumes: volumes)
    }

    /// Ends the container, wherever it is in its life; it does not start again.
    private func end(_ container: Container) async throws {
        while true {
            await afterPhase(.starting, of: container)
            if try await container.cancelRestart() { return }
            guard await container.phase == .running, let monitor = try? await container.running() else { return }
            await container.noteManualStop()
            // It may end by itself meanwhile.
            _ = try? await deliver(9, to: container, monitor)
            // Whatever comes next: an end that was on its way may have it restarting.
            await afterPhase(.running, of: container)
        }
    }

    /// Removes a container that ended, because it was created with `--rm`.
    func removeEnded(_ container: Container) async throws {
        do { try await container.beginRemoval() } catch { return }
        try await finishRemoval(container, volumes: true)
    }

    private func finishRemoval(_ container: Container, volumes takesVolumes: Bool) async throws {
        let id = container.id
        let record = await container.record
        let pending = pendingFolder.appending(id)
        do {
            try await pool.run { [self] in
                do { try writeFile([], to: pending, mode: [.ownerReadWrite]) } catch let error as SystemError
                    where error.errno == .noSpace
                {
                    // A full xfs or btrfs has no room for the mark; what is removed next makes some. Whoever is cut short
                    // in between is still listed, and removed by the next `rm`.
                    try store.makeRoom(removing: id)
                    try writeFile([], to: pending, mode: [.ownerReadWrite])
                }
                do { try eraseWhenFree(id) } catch StorageError.mountBusy(let name) {
                    // All of it is there still, and shall be after a restart.
                    unlink(pending.string)
                    throw StorageError.mountBusy(name)
                }
            }
        } catch {
            await container.removalFailed()
            throw error
        }
        containers.forget(id)
        volumes.release(id)
        if takesVolumes { await removeAnonymous(record) }
        execs.forget(container: id)
        await container.didRemove()
        emit("destroy", record)
    }

    /// Removes what there is of a container that was never finished.
    func discard(_ id: String) async {
        volumes.release(id)
        do { try await pool.run { [self] in try erase(id) } } catch {
            log.error("half-made container not removed", metadata: ["container": "\(id)", "error": "\(error)"])
        }
    }

    /// Waits a few seconds for whoever reads the container's files: a `cp` or `export` whose client has all that it wants is
    /// about to end.
    private func eraseWhenFree(_ id: String) throws {
        for _ in 0..<50 {
            do { return try erase(id) } catch StorageError.mountBusy { usleep(100_000) }
        }
        try erase(id)
    }

    /// Removes layer and folders, and last the mark that says that they are to go.
    func erase(_ id: String) throws {
        try removeImages(of: id)
        do { try store.removeMount(id) } catch StorageError.noSuchMount {}
        selinux?.release(id)
        let folder = containersFolder.appending(id)
        if exists(folder) { try removeTree(folder) }
        launcher.forget(id)
        let pending = pendingFolder.appending(id)
        if exists(pending) { try sys("remove \(pending)") { unlink(pending.string) } }
    }
}
