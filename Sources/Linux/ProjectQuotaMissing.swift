import Glibc
import SystemPackage

/// Folders can't be limited here: why, and what to do about it.
public struct ProjectQuotaMissing: Error, Equatable, CustomStringConvertible {
    /// The fact that decided it.
    public let reason: String
    /// What to do to have limits.
    public let remedy: String

    /// Both.
    public var description: String { "\(reason); \(remedy)" }

    /// Explains what the kernel answered.
    init(_ error: SystemError, at home: FilePath) {
        let kind = try? FileSystemType(of: home)  // unknown: the general remedy
        let name = kind.map { "the \($0) of \(home)" } ?? "\(home)"
        switch error.errno {
        case .noFunction, .invalidArgument, .notSupported, .inappropriateIOCTLForDevice, .noSuchProcess:
            reason = "\(name) is mounted without project quotas"
            remedy = Self.remedy(for: kind)
        case .notPermitted, .permissionDenied:
            reason = "this process may not set project quotas on \(name): \(error)"
            remedy = "run the daemon as root, with CAP_SYS_ADMIN and outside of user namespaces"
        default:
            reason = "project quotas of \(name) can't be used: \(error)"
            remedy = "see the kernel's log"
        }
    }

    /// They are there and count, but nothing is refused.
    init(countingOnly home: FilePath) {
        reason = "the file system of \(home) counts what projects take, and was mounted without limiting it"
        remedy = "mount it with the option prjquota"
    }

    private static func remedy(for kind: FileSystemType?) -> String {
        switch kind {
        case .xfs: "mount it with the option pquota (the root file system: boot with rootflags=pquota)"
        case .ext: "unmount it, enable them with tune2fs -O project -Q prjquota, and mount it with the option prjquota"
        default: "put the data root on xfs mounted with pquota, or on ext4 with project quotas"
        }
    }
}
