import CLinux
import Cgroups
import Glibc
import Linux
import OCI
import RuntimeProtocol

extension UserNamespace {
    static func isWanted(_ spec: RuntimeSpec) -> Bool {
        spec.linux?.namespaces?.contains { $0.type == "user" } == true
    }

    /// Who is 0 in the container.
    static func root(of spec: RuntimeSpec) -> (user: UInt32, group: UInt32) {
        (host(0, in: spec.linux?.uidMappings ?? []) ?? 0, host(0, in: spec.linux?.gidMappings ?? []) ?? 0)
    }
}

extension Spawn {
    /// As `container`, in a user namespace.
    ///
    /// A first process, with the host's rights, makes what takes them; then it enters the user namespace, and clones from
    /// there the container's own, so that all of its namespaces belong to that. It is in none of the container's control
    /// groups: limits are not for what is done here.
    static func remappedContainer(
        _ spec: RuntimeSpec,
        _ message: LaunchMessage,
        _ groups: Entrance,
        _ filter: SeccompFilter
    ) throws -> Ready {
        let stdio = try Stdio(terminal: spec.process?.terminal == true, openStdin: message.openStdin)
        stdio.give(to: UserNamespace.root(of: spec))
        return try start(stdio, clone: UInt64(LINUX_NEWNS), Entrance()) { socket in
            var (new, joined) = try namespaces(of: spec)
            guard let user = try UserNamespace(spec.linux) else { throw StepError("there is no user namespace") }
            let ready = try HostMounts(spec, message, user)
            try groups.closeDevices(isFirst: true)
            if let process = spec.process { try ProcessSetup.prepare(process) }
            try user.enter()
            // A process changes its pid namespace only for its children.
            for (type, descriptor) in joined where type == "pid" {
                try sys("join the pid namespace") { linux_setns(descriptor, CInt(LINUX_NEWPID)) }
            }
            joined.removeAll { $0.type == "pid" }
            try goOn(socket, clone: new, group: groups.unified)
            try groups.enter()
            try ContainerInit(
                spec: spec,
                message: message,
                groups: groups,
                filter: filter,
                socket: socket,
                stdio: stdio.inside,
                joined: joined,
                ready: ready
            ).run()
        }
    }

    /// Flags of those that are made with the process, and those to enter.
    private static func namespaces(of spec: RuntimeSpec) throws -> (UInt64, [(type: String, descriptor: CInt)]) {
        var new = UInt64(LINUX_NEWNS)
        var joined: [(type: String, descriptor: CInt)] = []
        for namespace in spec.linux?.namespaces ?? [] where namespace.type != "user" {
            guard let flag = flags[namespace.type] else {
                throw StepError("namespaces of type \(namespace.type) are not there yet")
            }
            if let path = namespace.path {
                joined.append((namespace.type, try sys("open \(path)") { open(path, O_RDONLY | O_CLOEXEC) }))
            } else if namespace.type != "cgroup" {
                new |= flag
            }
        }
        return (new, joined)
    }
}
