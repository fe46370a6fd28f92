import DockerAPI
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Which AppArmor profile a container's processes run in, where the kernel has AppArmor and it is on (man 7 apparmor).
enum AppArmor {
    /// The profile of containers that name none.
    static let standard = "varve-default"
    private static let unconfined = "unconfined"
    private static let folder: FilePath = "/sys/kernel/security/apparmor"

    /// Not in a container of somebody else's, as containerd has it: profiles are the whole machine's.
    static let isOn: Bool = {
        if getenv("container") != nil { return false }
        let enabled = try? readFile("/sys/module/apparmor/parameters/enabled", limit: 16)
        return enabled?.first == UInt8(ascii: "Y") && exists(folder)
    }()

    private static var hasParser: Bool { Command.find("apparmor_parser") != nil }
    /// Whether this daemon has loaded its own text: a former one's may be another.
    private static let isOurs = Mutex(false)

    /// Whether containers that name no profile have one; not where nobody can give it to the kernel.
    static var hasStandard: Bool { isOn && (hasParser || isLoaded) }

    private static var isLoaded: Bool {
        let text = (try? readFile(folder.appending("profiles"), limit: 1 << 22)) ?? []
        return String(decoding: text, as: UTF8.self).split(separator: "\n").contains { $0.hasPrefix("\(standard) (") }
    }

    /// The name of the profile; nil: none. As dockerd's, execs with more rights have their container's.
    static func profile(for host: HostConfig) -> String? {
        guard isOn else { return nil }
        if host.privileged { return unconfined }
        return SecurityOptions(checked: host.securityOpt).appArmor ?? (hasStandard ? standard : nil)
    }

    /// The same for a container that is to begin: gives the kernel the default profile where it hasn't got it, or not any more.
    static func prepare(_ host: HostConfig) throws -> String? {
        let profile = profile(for: host)
        guard profile == standard else { return profile }
        try isOurs.withLock { isOurs in
            if isLoaded && (isOurs || !hasParser) { return }
            do { try Command.run(["apparmor_parser", "-Kr"], input: Array(text.utf8), seconds: 60) } catch {
                throw EngineError(
                    .failed,
                    "AppArmor is on, but its profile \(standard) could not be loaded: \(error); see man 8 apparmor_parser"
                )
            }
            isOurs = true
        }
        return profile
    }

    /// Who may signal containers besides themselves: what is unconfined, and the daemon, which may not be.
    private static var signallers: Set<String> {
        let own = (try? readFile("/proc/self/attr/current", limit: 4096)) ?? []
        let name = String(decoding: own.prefix { $0 > 32 }, as: UTF8.self)
        let isPlain = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./".contains($0)) }
        return [unconfined, isPlain && !name.isEmpty ? name : unconfined]
    }

    /// As closed as Docker's `docker-default`: all may be done but mounting, touching processes of others, and writing the
    /// kernel's files; of these, a container's `/proc/PID`, `/proc/sys/kernel/shm*` and `/sys/fs/cgroup` are its own.
    static var text: String {
        let signals = signallers.sorted().map { "signal (receive) peer=\($0),\n" }.joined()
        return """
            profile \(standard) flags=(attach_disconnected,mediate_deleted) {
            network,
            capability,
            file,
            umount,
            deny mount,
            \(signals)signal (send, receive) peer=\(standard),
            ptrace (trace, read, tracedby, readby) peer=\(standard),
            deny /proc/{kcore,sysrq-trigger} rwklx,
            deny /proc/{[^1-9s],s[^y],sy[^s],sys[^/]}** wklx,
            deny /proc/sys/{[^k],k[^e]}** wklx,
            deny /proc/sys/kernel/{[^s],s[^h],sh[^m]}** wklx,
            deny /sys/{[^f],f[^s]}** wklx,
            deny /sys/fs/{[^c],c[^g],cg[^r]}** wklx,
            deny /sys/{firmware,devices/virtual/powercap,kernel/security}/{,**} rwklx,
            }

            """
    }
}
