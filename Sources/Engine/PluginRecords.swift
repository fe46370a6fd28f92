import CNI
import FoundationEssentials
import Glibc
import Linux
import Networking
import SystemPackage

/// What plug-ins have given to containers, so that it is given back whatever happens in between.
///
/// A file a container in the data root, which outlives the machine as plug-ins' own notes do; and a mount in the exec root that
/// holds the container's network until they have undone what they did there. Synchronous; calls for one container come one at a
/// time.
final class PluginRecords: Sendable {
    let plugins: Plugins
    private let folder: FilePath
    private let namespaces: FilePath

    init(_ plugins: Plugins, dataRoot: FilePath, execRoot: FilePath) throws {
        self.plugins = plugins
        folder = dataRoot.appending("varve").appending("cni")
        namespaces = execRoot.appending("cni")
        try removeAsides(in: folder)
    }

    // MARK: Notes

    private func file(_ container: String) -> FilePath { folder.appending("\(container).json") }

    /// What the container has. A note that can't be read is not nothing: it stays until somebody has looked at it.
    private func attachments(of container: String) throws -> [Attachment] {
        let file = file(container)
        guard exists(file) else { return [] }
        do { return try JSONDecoder().decode([Attachment].self, from: Data(try readFile(file))) } catch {
            throw EngineError(
                .failed,
                "what plug-ins gave to the container stands in \(file), which can't be read: \(error); mend the file, or give "
                    + "back by hand what they gave (addresses, rules) and remove it"
            )
        }
    }

    private func save(_ attachments: [Attachment], of container: String) throws {
        let file = file(container)
        if attachments.isEmpty {
            // One that comes back with the power is given back once more, which plug-ins bear.
            if exists(file) { try sys("remove \(file)") { unlink(file.string) } }
            return
        }
        if !isFolder(folder) {
            try makeFolders(folder, mode: FilePermissions(rawValue: 0o700))
            try flushNames(in: folder.removingLastComponent())
        }
        try writeAtomically(Array(try JSONEncoder().encode(attachments)), to: file)
        try flushNames(in: folder)
    }

    // MARK: The network's holder

    private func holder(_ container: String) -> FilePath { namespaces.appending(container) }

    /// Holds the container's network under a path, which it gives: also when its processes have ended.
    func hold(_ namespace: borrowing NetworkNamespace, of container: String) throws -> FilePath {
        let place = holder(container)
        if isHeld(container), namespace.isShown(at: place) { return place }
        // That of an earlier run, which plug-ins could not leave. Whatever they do for it now must not happen in the new one.
        let left = try attachments(of: container).map { attachment in
            var attachment = attachment
            attachment.namespace = ""
            return attachment
        }
        try save(left, of: container)
        try letGo(of: container)
        try makeFolders(namespaces, mode: FilePermissions(rawValue: 0o700))
        try writeFile([], to: place, mode: [.ownerRead])
        try namespace.show(at: place)
        return place
    }

    private func isHeld(_ container: String) -> Bool {
        (try? FileSystemType(of: holder(container))) == FileSystemType(magic: 0x6e73_6673)  // nsfs
    }

    private func letGo(of container: String) throws {
        let place = holder(container)
        guard exists(place) else { return }
        if isHeld(container) { try unmount(place, detach: true) }
        try sys("remove \(place)") { unlink(place.string) }
    }

    // MARK: Plug-ins

    /// Puts the container into the network; a failure leaves nothing, or a note of what it left.
    func add(_ asked: Attachment) throws -> PluginResult {
        let container = asked.container
        try plugins.check(asked.list)
        var attachment = asked
        let others = try attachments(of: container)
        // Before there is anything to take back.
        try save(others + [attachment], of: container)
        do {
            let result = try attachment.add(by: plugins)
            try save(others + [attachment], of: container)
            return result
        } catch {
            if (try? attachment.remove(by: plugins)) != nil { try? save(others, of: container) }
            throw error
        }
    }

    /// Takes it out of those of its networks that `isLeft` is true of, the last first; gives what went wrong: that is tried again
    /// when the container has ended, or a daemon begins.
    func remove(_ container: String, where isLeft: (Attachment) -> Bool) -> [any Error] {
        var kept: [Attachment]
        do { kept = try attachments(of: container) } catch { return [error] }
        var failures: [any Error] = []
        for (index, attachment) in kept.enumerated().reversed() where isLeft(attachment) {
            var attachment = attachment
            // Its processes may have ended without this daemon, and with the machine.
            if !isHeld(container) { attachment.namespace = "" }
            do {
                try attachment.remove(by: plugins)
                kept.remove(at: index)
                try save(kept, of: container)
            } catch { failures.append(error) }
        }
        return failures
    }

    /// The container has ended. What could not be given back needs its network the next time.
    func release(_ container: String) -> [any Error] {
        guard exists(file(container)) || exists(holder(container)) else { return [] }
        let failures = remove(container) { _ in true }
        guard failures.isEmpty else { return failures }
        do { try letGo(of: container) } catch { return [error] }
        return []
    }

    /// Containers that have something, or had and could not give it back.
    func all() -> Set<String> {
        let noted = ((try? listFolder(folder)) ?? []).filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }
        return Set(noted.map { String($0.dropLast(".json".count)) } + ((try? listFolder(namespaces)) ?? []))
    }
}
