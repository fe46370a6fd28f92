import CLinux
import Glibc
import Linux
package import OCI
import SystemPackage

/// Open descriptors of a container's groups: they are entered from namespaces in which their paths are not there.
///
/// A monitor has one as long as it lives.
package struct Entrance: Sendable {
    /// Of v1's groups, but for that of devices.
    private let tasks: [CInt]
    /// v1's group of devices; -1: none.
    private let devices: CInt
    /// For clone3(2) with `CLONE_INTO_CGROUP`; nil with v1, and where there are no groups.
    package let unified: CInt?
    /// What v2 asks about devices; empty: all may be opened.
    private let program: [UInt64]

    /// None: the host has no control groups.
    package init() { (tasks, devices, unified, program) = ([], -1, nil, []) }

    /// Of groups that are there, with rules for devices, of which later ones count for more than earlier ones.
    ///
    /// Throws where the host has nothing that holds these rules.
    init(_ group: ControlGroup, devices rules: [RuntimeDeviceRule]) throws {
        // A new group of v2 forbids nothing, and one of v1 what the one above does.
        let isOpen = rules.first?.isForAll == true && rules.allSatisfy(\.allow)
        if let folder = group.unified {
            tasks = []
            devices = -1
            unified = try Self.open(folder, O_RDONLY | O_DIRECTORY)
            program = isOpen ? [] : DeviceProgram(rules).instructions
            return
        }
        (unified, program) = (nil, [])
        let folder = group.folder(of: "devices")
        guard isOpen || folder != nil else {
            throw SystemError("keep devices from the container without the controller `devices`", .notSupported)
        }
        if let folder, !isOpen { try Self.write(rules, folder) }
        devices = try folder.map { try Self.open($0.appending("tasks"), O_WRONLY) } ?? -1
        tasks = try group.folders.filter { $0 != folder }.map { try Self.open($0.appending("tasks"), O_WRONLY) }
    }

    /// Of groups that have their rules: for processes that join those inside.
    init(joining group: ControlGroup) throws {
        program = []
        if let folder = group.unified {
            (tasks, devices) = ([], -1)
            unified = try Self.open(folder, O_RDONLY | O_DIRECTORY)
            return
        }
        unified = nil
        let folder = group.folder(of: "devices")
        devices = try folder.map { try Self.open($0.appending("tasks"), O_WRONLY) } ?? -1
        tasks = try group.folders.filter { $0 != folder }.map { try Self.open($0.appending("tasks"), O_WRONLY) }
    }

    private static func write(_ rules: [RuntimeDeviceRule], _ folder: FilePath) throws {
        if let first = rules.first, first.allow || !first.isForAll {
            try setControl(folder.appending("devices.deny"), "a")
        }
        for rule in rules {
            for line in rule.lines {
                try setControl(folder.appending(rule.allow ? "devices.allow" : "devices.deny"), line)
            }
        }
    }

    private static func open(_ path: FilePath, _ flags: CInt) throws -> CInt {
        try sys("open \(path)") { Glibc.open(path.string, flags | O_CLOEXEC) }
    }

    /// Puts the calling process, which has one thread, into the v1 groups, but for that of devices.
    ///
    /// Itself, and through `tasks`: anybody else's move, or one through `cgroup.procs`, waits for a lock of the whole kernel
    /// and takes ten times as long.
    package func enter() throws { for descriptor in tasks { try Self.enter(descriptor) } }

    /// From here on the calling process opens only those devices that the container may.
    ///
    /// The first process has to mount the container's tree before, which may be on a device of the host's; and with v2 it closes them
    /// for all that come later (man 2 bpf, `BPF_PROG_TYPE_CGROUP_DEVICE`; the program goes with the group).
    package func closeDevices(isFirst: Bool) throws {
        if devices >= 0 { try Self.enter(devices) }
        guard let unified, isFirst, !program.isEmpty else { return }
        try sys("attach the rules for devices") { linux_bpf_devices(program, UInt32(program.count), unified) }
    }

    private static func enter(_ descriptor: CInt) throws {
        try sys("enter a control group") { Glibc.write(descriptor, "0", 1) }
    }
}

extension ControlGroup {
    /// What a process needs to enter the groups, and what it may open there.
    package func entrance(devices rules: [RuntimeDeviceRule]) throws -> Entrance {
        try Entrance(self, devices: rules)
    }

    /// The same for groups that others made, whose rules stay as they are.
    package func entrance() throws -> Entrance { try Entrance(joining: self) }
}
