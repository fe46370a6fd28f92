import CLinux
import Cgroups
import Glibc
import Linux
import OCI
import RuntimeProtocol

/// What the container's first process does, from its birth in new namespaces to the program.
///
/// The order: joined namespaces before anything is made in them; the network before sysctls, which belong to it; the tree
/// before masks, which lie on it; masks before the tree becomes `/`, while paths are still resolved by handles; the host's
/// tree goes last, since mounts come from it.
struct ContainerInit {
    let spec: RuntimeSpec
    let message: LaunchMessage
    let groups: Entrance
    let filter: SeccompFilter
    let socket: CInt
    let stdio: (CInt, CInt, CInt)
    /// Descriptors of namespaces to enter.
    let joined: [(type: String, descriptor: CInt)]
    let handover: Handover
    /// In a user namespace of its own: what was made outside.
    var ready: HostMounts?

    func run() throws -> Never {
        for namespace in joined {
            try sys("join the \(namespace.type) namespace") { linux_setns(namespace.descriptor, 0) }
        }
        if isNew("network") { try sys("set lo up") { linux_loopback_up() } }
        if isNew("time") { try TimeNamespace.make(spec.linux?.timeOffsets ?? [:]) }
        try setUpTree()
        if isNew("uts") { try setNames() }
        try closeAll(but: socket, and: [stdio.0, stdio.1, stdio.2] + handover.kept)
        let annotations = spec.annotations ?? [:]
        let process = spec.process ?? RuntimeProcess(cwd: "/")
        try ProcessSetup(
            process: process,
            userName: annotations["io.varve.user"],
            groups: (annotations["io.varve.group-add"] ?? "").split(separator: ",").map(String.init),
            socket: socket,
            stdio: stdio,
            isFirst: true,
            filter: filter,
            handover: handover,
            startHooks: spec.hooks?.startContainer,
            personality: spec.linux?.personality,
            isRemapped: ready != nil
        ).run()
    }

    private func isNew(_ type: String) -> Bool {
        spec.linux?.namespaces?.contains { $0.type == type && $0.path ?? "" == "" } == true
    }

    private func setUpTree() throws {
        let place = message.folder + "/rootfs"
        var files = RootFileSystem(spec: spec, place: place)
        try step("root file system") {
            if let ready { return try files.attachRoot(ready.root) }
            try files.mountRoot(folder: message.rootFolder, mounts: message.mounts)
        }
        try groups.closeDevices(isFirst: ready == nil)
        files.hierarchies = try CgroupMount.hierarchies(of: spec)
        // Its root is the groups that the process is in: all of them by now.
        if isNew("cgroup") {
            try sys("make a cgroup namespace") { linux_unshare(CInt(LINUX_NEWCGROUP)) }
        }
        let root = try ContainerRoot(place)
        // The host's paths to here may be closed to anybody else.
        if ready != nil { try UserNamespace.becomeRoot() }
        try files.mountAll(in: root, ready: ready?.entries ?? [:])
        if ready == nil { try step("devices") { try Devices.make(spec, in: root) } }
        // They may mount into the tree, and put interfaces into the network that sysctls are about.
        try letHooksRun()
        try Sysctls.apply(spec.linux?.sysctl ?? [:], in: root)
        try step("masked paths") { try Masks.hide(spec.linux?.maskedPaths ?? [], in: root) }
        try step("read-only paths") { try Masks.protect(spec.linux?.readonlyPaths ?? [], in: root) }
        try enter(root)
        if let kind = MountOptions([spec.linux?.rootfsPropagation ?? ""]).given {
            try sys("set the propagation of /") { mount("", "/", nil, kind, nil) }
        }
        if spec.root?.readonly == true {
            try sys("make / read-only") { mount("", "/", nil, UInt(MS_REMOUNT | MS_BIND | MS_RDONLY), nil) }
        }
    }

    /// The tree becomes `/`: the old root ends up on top of it, and is taken away (`man 2 pivot_root`, "pivot_root(".", ".")").
    private func enter(_ root: borrowing ContainerRoot) throws {
        try sys("enter the container's root") { fchdir(root.descriptor) }
        if handover.pivots {
            let old = OwnedDescriptor(
                try sys("open the host's root") { open("/", LINUX_O_PATH | O_DIRECTORY | O_CLOEXEC) }
            )
            try sys("pivot_root") { linux_pivot_root(".", ".") }
            // `.` is the container's tree until then.
            try sys("go to the host's root") { fchdir(old.rawValue) }
            // Else what is taken away here would be taken away there.
            try sys("make the host's root a slave") { mount("", ".", nil, UInt(MS_SLAVE | MS_REC), nil) }
            try sys("leave the host's root") { umount2(".", CInt(MNT_DETACH)) }
        } else {
            try sys("move the tree to /") { mount(".", "/", nil, UInt(MS_MOVE), nil) }
            try sys("chroot") { chroot(".") }
        }
        try sys("go to /") { chdir("/") }
    }

    /// Those of the starter, and then those of the container's namespaces.
    private func letHooksRun() throws {
        guard let hooks = spec.hooks, let state = handover.state else { return }
        if !(hooks.prestart ?? []).isEmpty || !(hooks.createRuntime ?? []).isEmpty {
            var report = Report()
            report.awaitsHooks = true
            try report.send(to: socket)
            var done: UInt8 = 0
            guard try sys("wait for the hooks", { read(socket, &done, 1) }) == 1 else { _exit(1) }
        }
        try Hooks.run(hooks.createContainer, "createContainer", state.at(.creating, pid: getpid()))
    }

    private func setNames() throws {
        if let name = spec.hostname, !name.isEmpty {
            try sys("set the host name") { sethostname(name, name.utf8.count) }
        }
        if let name = spec.domainname, !name.isEmpty {
            try sys("set the domain name") { setdomainname(name, name.utf8.count) }
        }
    }
}
