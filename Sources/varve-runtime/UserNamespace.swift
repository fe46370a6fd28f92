import CLinux
import Glibc
import Linux
import OCI
import SystemPackage

/// A user namespace in which a container's ids are others of the host: 0 there is one here that has no rights.
struct UserNamespace {
    let descriptor: CInt
    let uids: [RuntimeIDMapping]
    let gids: [RuntimeIDMapping]

    /// The one that the configuration names, or a new one with its ids. Nil: the container is to have the host's.
    init?(_ linux: RuntimeLinux?) throws {
        guard let namespace = linux?.namespaces?.first(where: { $0.type == "user" }) else { return nil }
        let (uids, gids) = try Self.mappings(linux)
        guard let path = namespace.path else {
            try self.init(uids, gids)
            return
        }
        let found = try sys("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }
        self.init(descriptor: found, uids: uids, gids: gids)
    }

    /// Throws where nobody would be the container's 0.
    @discardableResult
    static func mappings(_ linux: RuntimeLinux?) throws -> ([RuntimeIDMapping], [RuntimeIDMapping]) {
        let (uids, gids) = (linux?.uidMappings ?? [], linux?.gidMappings ?? [])
        guard host(0, in: uids) != nil, host(0, in: gids) != nil else {
            throw StepError("the user namespace has no mapping for 0: give uidMappings and gidMappings")
        }
        return (uids, gids)
    }

    init(descriptor: CInt, uids: [RuntimeIDMapping], gids: [RuntimeIDMapping]) {
        (self.descriptor, self.uids, self.gids) = (descriptor, uids, gids)
    }

    /// Makes one, held by its descriptor alone.
    init(_ uids: [RuntimeIDMapping], _ gids: [RuntimeIDMapping]) throws {
        var hold: [CInt] = [-1, -1]
        try sys("make a pipe") { pipe(&hold) }
        let pid: Int32
        do { pid = try sys("make a user namespace") { linux_clone(UInt64(LINUX_NEWUSER), -1) } } catch {
            guard error.errno == .noSpace else { throw error }
            throw StepError("make a user namespace: the host allows no more; raise sysctl user.max_user_namespaces")
        }
        if pid == 0 {
            // There as long as it takes to write the ids, which only somebody outside may.
            close(hold[1])
            var nothing: UInt8 = 0
            read(hold[0], &nothing, 1)
            _exit(0)
        }
        defer {
            close(hold[1])
            close(hold[0])
            var status: CInt = 0
            waitpid(pid, &status, 0)
        }
        try Self.write(uids, "/proc/\(pid)/uid_map")
        try Self.write(gids, "/proc/\(pid)/gid_map")
        let made = try sys("open the user namespace") { open("/proc/\(pid)/ns/user", O_RDONLY | O_CLOEXEC) }
        self.init(descriptor: made, uids: uids, gids: gids)
    }

    /// One call writes all, and only the first. (man 7 user_namespaces)
    private static func write(_ mappings: [RuntimeIDMapping], _ path: String) throws {
        let text = mappings.map { "\($0.containerID) \($0.hostID) \($0.size)\n" }.joined()
        let file = OwnedDescriptor(try sys("open \(path)") { open(path, O_WRONLY | O_CLOEXEC) })
        try sys("write \(path)") { Glibc.write(file.rawValue, text, text.utf8.count) }
    }

    /// The host's id for one of the container's; nil: none.
    static func host(_ id: UInt32, in mappings: [RuntimeIDMapping]) -> UInt32? {
        for mapping in mappings where id >= mapping.containerID && id - mapping.containerID < mapping.size {
            return mapping.hostID + (id - mapping.containerID)
        }
        return nil
    }

    /// Who is 0 in the container.
    var root: (user: UInt32, group: UInt32) { (Self.host(0, in: uids) ?? 0, Self.host(0, in: gids) ?? 0) }

    /// Does `body` as the container's 0, with the host's rights: what it makes is then the container's.
    func asRoot<T>(_ body: () throws -> T) throws -> T {
        try sys("act as \(root.user)") { linux_make_as(root.user, root.group) }
        defer { linux_make_as(0, 0) }
        return try body()
    }

    /// The calling process goes in; it has all rights there, and none outside.
    func enter() throws { try sys("join the user namespace") { linux_setns(descriptor, CInt(LINUX_NEWUSER)) } }

    /// Takes the ids of 0 in the namespace that the calling process is in.
    static func becomeRoot() throws {
        try sys("leave the host's groups") { setgroups(0, nil) }
        try sys("become the container's group 0") { linux_set_group(0) }
        try sys("become the container's user 0") { linux_set_user(0) }
    }
}
