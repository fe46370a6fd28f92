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
            let own = "/proc/self/attr/apparmor/exec"
            do {
                try writeControl(exists(FilePath(own)) ? own : "/proc/self/attr/exec", "exec \(profile)")
            } catch let error as SystemError where error.errno == .noSuchFileOrDirectory {
                throw StepError("AppArmor profile \(profile) is not loaded: load it with apparmor_parser on the host")
            }
        }
        if let label = process.selinuxLabel, !label.isEmpty {
            guard hasSELinux else {
                throw StepError("SELinux label \(label): this kernel has no SELinux, or it is off")
            }
            try writeControl("/proc/self/attr/exec", label)
        }
    }

    /// A mount's options with the label that all of the container's mounts have.
    static func mountOption(_ label: String?) throws -> String? {
        guard let label, !label.isEmpty else { return nil }
        guard hasSELinux else { throw StepError("mount label \(label): this kernel has no SELinux, or it is off") }
        return "context=\"\(label)\""
    }

    /// Looked up on the host: a container may have no `/sys`, or one of its own.
    static let hasAppArmor =
        (try? readFile("/sys/module/apparmor/parameters/enabled", limit: 16))?.first == UInt8(ascii: "Y")

    static var hasSELinux: Bool { exists("/sys/fs/selinux/enforce") }
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
