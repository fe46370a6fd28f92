import CLinux
import Glibc
import Linux
import OCI
import SystemPackage

/// What AppArmor and SELinux are told about the program that comes next; refused where the kernel has neither.
enum Labels {
    static func set(_ process: RuntimeProcess) throws {
        if let profile = process.apparmorProfile, !profile.isEmpty {
            guard hasAppArmor else {
                // Every container is that where there is no AppArmor.
                if profile == "unconfined" { return }
                throw StepError("AppArmor profile \(profile): this kernel has no AppArmor, or it is off")
            }
            let isOwn = exists(FilePath("/proc/self/attr/apparmor"))
            do {
                try writeAttribute(isOwn ? "apparmor/exec" : "exec", "exec \(profile)")
            } catch let error as SystemError where error.errno == .noSuchFileOrDirectory {
                throw StepError("AppArmor profile \(profile) is not loaded: load it with apparmor_parser on the host")
            }
        }
        if let label = process.selinuxLabel, !label.isEmpty {
            guard hasSELinux else {
                throw StepError("SELinux label \(label): this kernel has no SELinux, or it is off")
            }
            try writeAttribute("exec", label)
        }
    }

    /// Sets an attribute of this process: in the kernel's own file, and nothing that a container has mounted there
    /// (CVE-2019-16884, CVE-2025-52881).
    private static func writeAttribute(_ name: String, _ text: String) throws {
        let proc = OwnedDescriptor(
            try sys("open /proc") { open("/proc", LINUX_O_PATH | O_DIRECTORY | O_CLOEXEC) }
        )
        guard try isKernels(proc.rawValue) else {
            throw StepError("/proc is not the kernel's: the process can't be given its label")
        }
        let place = "self/attr/\(name)"
        let file = OwnedDescriptor(
            try sys("open /proc/\(place)") {
                linux_open_same_mount(proc.rawValue, place, UInt64(O_WRONLY | O_CLOEXEC))
            }
        )
        try sys("write \(text) to /proc/\(place)") { write(file.rawValue, text, text.utf8.count) }
    }

    /// Whether an open folder is the root of a procfs.
    private static func isKernels(_ proc: CInt) throws -> Bool {
        var status = stat()
        try sys("look at /proc") { fstat(proc, &status) }
        // By the open folder, and no path that may lead elsewhere by then.
        let here = OwnedDescriptor(try sys("open .") { open(".", LINUX_O_PATH | O_DIRECTORY | O_CLOEXEC) })
        try sys("enter /proc") { fchdir(proc) }
        let type = Result { try FileSystemType(of: ".") }
        try sys("return from /proc") { fchdir(here.rawValue) }
        // PROC_SUPER_MAGIC and PROC_ROOT_INO of <linux/magic.h> and <linux/proc_fs.h>.
        return try type.get() == FileSystemType(magic: 0x9fa0) && status.st_ino == 1
    }

    /// A mount's options with the label that all of the container's mounts have.
    static func mountOption(_ label: String?) throws -> String? {
        guard let label, !label.isEmpty else { return nil }
        guard hasSELinux else { throw StepError("mount label \(label): this kernel has no SELinux, or it is off") }
        return "context=\"\(label)\""
    }

    /// What the mount of a new file system of this type gets: nothing where all that it shows is the kernel's.
    static func mountOption(_ label: String?, type: String) throws -> String? {
        ["proc", "sysfs", "mqueue"].contains(type) ? nil : try mountOption(label)
    }

    /// Gives the label to a root folder that takes it no other way.
    static func set(_ label: String?, on folder: CInt) throws {
        guard let label, !label.isEmpty else { return }
        do throws(SystemError) {
            try sys("set the label \(label)") {
                linux_set_xattr(folder, "", "security.selinux", label, label.utf8.count)
            }
        } catch { if error.errno != .notSupported { throw error } }
    }

    /// Looked up on the host: a container may have no `/sys`, or one of its own.
    static let hasAppArmor =
        (try? readFile("/sys/module/apparmor/parameters/enabled", limit: 16))?.first == UInt8(ascii: "Y")

    static let hasSELinux = exists("/sys/fs/selinux/enforce")
}

/// Which Linux the kernel plays (man 2 personality).
enum Personality {
    static func set(_ wanted: RuntimePersonality) throws {
        guard let number = ["LINUX": UInt(0), "LINUX32": 8][wanted.domain], (wanted.flags ?? []).isEmpty else {
            throw StepError("personality \(wanted.domain) with flags \(wanted.flags ?? []) is not there")
        }
        try sys("set the personality \(wanted.domain)") { linux_personality(number) }
    }
}
