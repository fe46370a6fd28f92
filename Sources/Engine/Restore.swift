import DockerAPI
import FoundationEssentials
import GraphDrivers
import Launcher
import Linux
import Logging
import OCI
import RuntimeProtocol
import Storage
import SystemPackage

/// What a daemon finds when it starts: containers that run on, that ended meanwhile, that were never finished.
extension Engine {
    /// Takes up everything that is there; call once, before serving.
    package func restore() async throws {
        for id in try listFolder(pendingFolder) {
            log.info("removing what a crash left of a container", metadata: ["container": "\(id)"])
            await discard(id)
        }
        let ids = try listFolder(containersFolder, asOnDisk: true).filter { !$0.hasPrefix(".") }
        let folders = ids.map { ContainerFolder(path: containersFolder.appending($0)) }
        let loaded = try await pool.run { try mapInParallel(folders) { folder in Result { try folder.load() } } }
        await refreshPluginNetworks()
        await adoptNetworks(loaded.compactMap { try? $0.get().0 })
        for (id, record) in zip(ids, loaded) {
            do { try await restore(id, try record.get()) } catch  where Self.isLoss(error) && store.mayBeLost(id) {
                log.warning("removing a container that was lost with the power", metadata: ["container": "\(id)"])
                await discard(id)
            } catch {
                log.warning("container not loaded", metadata: ["container": "\(id)", "error": "\(error)"])
            }
        }
        await forgetStrangers()
        var running: Set<String> = []
        for container in containers.all where await container.phase == .running { running.insert(container.id) }
        do { try await pool.run { [volumes] in try volumes.devices.holdersAreKnown() } } catch {
            log.error("what is mounted for volumes nobody uses", metadata: ["error": "\(error)"])
        }
        await renewNetworks()
        releaseLeftByPlugins()
        await startWithDaemon()
        // Says itself what it could not close.
        try? await pool.run { [store, running] in store.closeUnseen(except: running) }
    }

    /// Whether that error says that a part of a container is not there, and not that it can't be read just now.
    static func isLoss(_ error: any Error) -> Bool {
        switch error {
        case is DecodingError: true
        case let error as SystemError: error.errno == .noSuchFileOrDirectory
        case let error as EngineError: error == .layerMissing
        default: false
        }
    }

    private func restore(_ id: String, _ loaded: (ContainerRecord, HostConfig)) async throws {
        let folder = ContainerFolder(path: containersFolder.appending(id))
        var (record, host) = loaded
        guard record.id == id else { throw EngineError(.failed, "container \(record.id) is stored at \(id)") }
        for point in record.volumes {
            // Also one that is not loaded has its volumes.
            volumes.note(id, has: point.name)
        }
        let own = store.driver.name
        guard record.driver == own else {
            if record.state.running, exists(settings.execRoot.appending(id)) {
                await holdVolumes(of: record)
            }
            return log.debug("container of driver \(record.driver) left alone", metadata: ["container": "\(id)"])
        }
        guard store.hasMount(id) else { throw EngineError.layerMissing }
        try folder.writeMountedFiles(record, containerDefaults.applied(to: host))
        try label(record, isNew: false)
        let phase: Container.Phase = record.hasBeenStartedBefore ? .exited : .created
        let container = Container(RecordFile(folder, made: nil, pool), record: record, host: host, phase: phase)
        try containers.reserve(record.plainName, for: id)
        for (destination, point) in record.mountPoints ?? [:]
        where point.type == "volume" && ["", "local"].contains(point.driver) {
            // The data root may have been moved, and dockerd does not write it down.
            record.mountPoints?[destination]?.source = volumes.data(point.name).string
        }
        containers.add(container)
        await resume(container, record)
    }

    /// Finds out what became of a container that the last daemon knew running, or was just starting.
    private func resume(_ container: Container, _ record: ContainerRecord) async {
        let id = container.id
        let monitor = try? await launcher.reconnect(id)
        if let monitor {
            // Counts this daemon as a viewer of the layer, as the start did for the last one.
            do { _ = try await pool.run { [store] in try store.open(id) } } catch {
                log.error("running container's layer", metadata: ["container": "\(id)", "error": "\(error)"])
            }
            await holdVolumes(of: record)
            do { try await onStore { [self, host = await container.host] _ in try holdImages(host, of: id) } } catch {
                log.error("running container's images", metadata: ["container": "\(id)", "error": "\(error)"])
            }
            await container.adopt(monitor)
            resumeNetworks(record, await container.host)
            if !record.state.running || record.state.restarting {
                try? await container.didStart(monitor, at: .now)
            }
            if monitor.hadKills, await !container.record.state.oomKilled { await noteKill(in: container) }
            do { try await notePause(of: container) } catch {
                log.error("whether it is paused", metadata: ["container": "\(id)", "error": "\(error)"])
            }
            return watch(container, monitor)
        }
        if record.state.restarting {
            await leaveNetworks(record, pluginsLater: true)
            return launcher.forget(id)  // it is started again with the others
        }
        guard record.state.running || exists(settings.execRoot.appending(id)) else {
            if record.hasBeenStartedBefore, await container.host.autoRemove { try? await removeEnded(container) }
            return
        }
        let left = try? launcher.exitRecord(id)
        if left != nil || record.state.running {
            return await ended(container, left ?? Self.unknownEnd, isOld: true)
        }
        // It was just being started.
        await leaveNetworks(record, pluginsLater: true)
        launcher.forget(id)
    }

    private static var unknownEnd: ExitRecord {
        ExitRecord(
            exitCode: 255,
            finishedAt: .now,
            error: "the container ended with its monitor, while no daemon was running"
        )
    }

    private func holdVolumes(of record: ContainerRecord) async {
        for point in record.volumes {
            do { try await pool.run { [volumes] in try volumes.devices.take(point.name, for: record.id) } } catch {
                log.error("running container's volume", metadata: ["volume": "\(point.name)", "error": "\(error)"])
            }
        }
    }

    /// Removes folders in the exec root whose containers are gone; those that are only not loaded (another driver's, or
    /// damaged) may run on.
    private func forgetStrangers() async {
        guard let known = try? Set(listFolder(containersFolder)) else { return }
        for id in (try? listFolder(settings.execRoot)) ?? [] where id.utf8.count == 64 && !known.contains(id) {
            if let monitor = try? await launcher.reconnect(id) { try? await monitor.signal(9) }
            launcher.forget(id)
        }
    }
}
