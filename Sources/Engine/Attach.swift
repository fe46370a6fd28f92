import Launcher
package import SystemPackage

/// `attach`, `resize`, `rename`, `wait`.
extension Engine {
    /// A stream to the container's process: frames, or bytes where it has a terminal; nil: it will never start.
    package func attach(_ name: String, _ streams: AttachStreams) async throws -> FileDescriptor? {
        let container = try containers.find(name)
        if await container.isPaused { _ = try await container.awake(for: "attach") }
        emit("attach", await container.record)
        return try await container.attach(streams)
    }

    /// A client left the container's process with its keys.
    package func detached(from container: Container) async { emit("detach", await container.record) }

    package func resize(_ name: String, rows: UInt16, columns: UInt16) async throws {
        let container = try containers.find(name)
        try await container.running().resize(process: nil, rows: rows, columns: columns)
        emit("resize", await container.record, ["height": "\(rows)", "width": "\(columns)"])
    }

    package func rename(_ name: String, to new: String) async throws {
        let container = try containers.find(name)
        let plain = new.hasPrefix("/") ? String(new.dropFirst()) : new
        guard Names.isValid(plain) else { throw EngineError.badName(new) }
        let old = await container.record.plainName
        if old == plain {
            throw EngineError(.invalid, "Renaming a container with the same name as its current name")
        }
        try containers.rename(container.id, to: plain)
        try await container.rename(to: plain)
        await renameInNetworks(container)
        emit("rename", await container.record, ["oldName": "/" + old])
    }
}
