import Archive
import DockerAPI
import Glibc
import Launcher
import Linux
package import OCI
import SystemPackage

/// `userns-remap`: the ids that containers have of the host's, unless they ask for the host's own.
package struct Remapping: Sendable, Equatable {
    /// Whose subordinate ids they are.
    package let user: String
    package let uids: [RuntimeIDMapping]
    package let gids: [RuntimeIDMapping]

    package init(user: String, uids: [SubordinateIDs.Range], gids: [SubordinateIDs.Range]) {
        self.user = user
        self.uids = Self.mappings(uids)
        self.gids = Self.mappings(gids)
    }

    /// The ranges one after the other, from 0 on.
    private static func mappings(_ ranges: [SubordinateIDs.Range]) -> [RuntimeIDMapping] {
        var next: UInt32 = 0
        return ranges.map { range in
            defer { next += range.count }
            return RuntimeIDMapping(containerID: next, hostID: range.start, size: range.count)
        }
    }

    /// Who is 0 in the containers.
    package var root: (user: UInt32, group: UInt32) { (uids.first?.hostID ?? 0, gids.first?.hostID ?? 0) }

    /// For files that the host sees under its own ids.
    var owners: OwnerMap {
        func ranges(_ mappings: [RuntimeIDMapping]) -> [OwnerMap.Range] {
            mappings.map { OwnerMap.Range(inside: $0.containerID, outside: $0.hostID, count: $0.size) }
        }
        return OwnerMap(users: ranges(uids), groups: ranges(gids))
    }

    /// What a data root's folder for these ids is called, as dockerd calls it.
    package var folder: String { "\(root.user).\(root.group)" }

    /// `default`, or `user[:group]` or `uid[:gid]` of the host's; not root, who can't be anybody else.
    ///
    /// A group is only looked for: the ids of both are the user's, as in dockerd.
    package init(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, !parts.contains("") else {
            throw EngineError(.invalid, "invalid user/group specification in --userns-remap: \"\(text)\"")
        }
        let (name, id) = try Self.user(parts[0])
        try Self.checkGroup(parts.count == 2 ? parts[1] : UInt32(parts[0]) == nil ? name : "\(id)")
        guard id != 0 else {
            throw EngineError(.invalid, "root can't be remapped to itself: name another user, or leave it out")
        }
        func ranges(_ file: String) throws -> [SubordinateIDs.Range] {
            let text: [UInt8]
            do { text = try readFile(FilePath(file), limit: 1 << 20) } catch {
                throw EngineError(.invalid, "can't read the ids of user \(name): \(error)")
            }
            return try SubordinateIDs.ranges(of: name, id, in: String(decoding: text, as: UTF8.self), file: file)
        }
        self.init(user: name, uids: try ranges("/etc/subuid"), gids: try ranges("/etc/subgid"))
    }

    private static func user(_ text: String) throws -> (String, UInt32) {
        if let id = UInt32(text) {
            guard let found = getpwuid(id)?.pointee else {
                throw EngineError(.invalid, "uid \(id) has no entry in /etc/passwd")
            }
            return (String(cString: found.pw_name), id)
        }
        let name = text == "default" ? "dockremap" : text
        if let found = getpwnam(name)?.pointee { return (name, found.pw_uid) }
        guard text == "default" else {
            throw EngineError(.invalid, "error during uid lookup for \"\(name)\": there is no such user")
        }
        throw EngineError(
            .invalid,
            "there is no user dockremap, which userns-remap=default needs; make it with "
                + "useradd --system --user-group --no-create-home --shell /usr/sbin/nologin --add-subids-for-system dockremap"
        )
    }

    private static func checkGroup(_ text: String) throws {
        if let id = UInt32(text) {
            guard getgrgid(id) != nil else { throw EngineError(.invalid, "gid \(id) has no entry in /etc/group") }
        } else if getgrnam(text) == nil {
            throw EngineError(.invalid, "error during gid lookup for \"\(text)\": there is no such group")
        }
    }
}

extension Engine {
    /// The ids of a container; nil: the host's.
    func remapping(_ host: HostConfig) -> Remapping? { host.usernsMode == "host" ? nil : settings.remapping }

    /// The user namespace of the container whose other namespaces this one joins: they belong to it. Nil: it joins none.
    func joinedUsers(_ host: HostConfig) async throws -> String? {
        let names = [host.networkMode, host.pidMode, host.ipcMode].filter { $0.hasPrefix("container:") }
            .map { String($0.dropFirst("container:".count)) }
        guard let name = names.first else { return nil }
        var ids: Set<String> = []
        for name in names { ids.insert(try containers.find(name).id) }
        guard ids.count == 1 else {
            let reason = "they have user namespaces of their own; start this one with --userns=host"
            throw EngineError(.invalid, "cannot share namespaces of several containers: \(reason)")
        }
        let other = try containers.find(name)
        guard remapping(await other.host) != nil else {
            let reason = "has the host's user namespace; start this one with --userns=host"
            throw EngineError(.invalid, "cannot share a namespace: container \(other.id) \(reason)")
        }
        return "/proc/\(try await other.running().pid)/ns/user"
    }

    /// What is Varve's to show under other ids: the container's own files, images, and volumes that are folders.
    func ownFolders(_ record: ContainerRecord) -> Set<String> {
        let points = (record.mountPoints ?? [:]).values.filter { point in
            // What a device shows is the host's, or another machine's, as what is bound.
            let hasDevice = (try? volumes.devices.device(of: point.name)) != .some(nil)
            return point.type == "image" || (point.type == "volume" && !hasDevice)
        }
        return Set([record.resolvConfPath, record.hostnamePath, record.hostsPath] + points.map(\.source))
    }
}

extension Validation {
    /// What a container with ids of its own can't have, in dockerd's words.
    static func check(_ host: HostConfig, _ remapping: Remapping?) throws {
        guard remapping != nil, host.usernsMode != "host" else { return }
        if host.privileged {
            throw EngineError(
                .invalid,
                "privileged mode is incompatible with user namespaces.  You must run the container in the host "
                    + "namespace when running privileged mode"
            )
        }
        if host.networkMode == "host" {
            throw EngineError(.invalid, "cannot share the host's network namespace when user namespaces are enabled")
        }
        if host.pidMode == "host" {
            throw EngineError(.invalid, "cannot share the host PID namespace when user namespaces are enabled")
        }
    }
}

extension RuntimeSpec {
    /// Gives the container a user namespace, or the one at `joined`; its layers, its own files, and what is at `folders` are
    /// shown under the ids of that, what else is bound is not.
    mutating func remap(_ remapping: Remapping, joined: String?, showing folders: Set<String>) {
        var namespace = RuntimeNamespace(type: "user")
        namespace.path = joined
        linux?.namespaces?.append(namespace)
        linux?.uidMappings = remapping.uids
        linux?.gidMappings = remapping.gids
        annotations?[Spec.Annotation.mapsRoot] = ""
        // Any group may ping: of those that there are.
        let key = "net.ipv4.ping_group_range"
        if linux?.sysctl?[key] == "0 2147483647", let first = remapping.gids.first {
            linux?.sysctl?[key] = "0 \(first.size - 1)"
        }
        for index in (mounts ?? []).indices where folders.contains(mounts?[index].source ?? "") {
            mounts?[index].uidMappings = remapping.uids
            mounts?[index].gidMappings = remapping.gids
        }
    }
}
