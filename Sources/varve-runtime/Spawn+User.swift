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
        _ filter: SeccompFilter,
        _ handover: Handover,
        runHooks: (Int32) throws -> Void
    ) throws -> Ready {
        let stdio = try streams(handover, spec.process?.terminal == true, openStdin: message.openStdin)
        stdio.give(to: UserNamespace.root(of: spec))
        return try start(stdio, clone: UInt64(LINUX_NEWNS), Entrance(), runHooks) { socket in
            let (new, joined) = try namespaces(of: spec)
            guard let user = try UserNamespace(spec.linux) else { throw StepError("there is no user namespace") }
            let ready = try HostMounts(spec, message, user)
            try groups.closeDevices(isFirst: true)
            if let process = spec.process { try ProcessSetup.prepare(process) }
            try user.enter()
            try joinPIDs(joined)
            try goOn(socket, clone: new, group: groups.unified)
            try groups.enter()
            try ContainerInit(
                spec: spec,
                message: message,
                groups: groups,
                filter: filter,
                socket: socket,
                stdio: stdio.inside,
                joined: joined.filter { $0.type != "pid" },
                handover: handover,
                ready: ready
            ).run()
        }
    }
}
