import CCap
import CLinux
import FoundationEssentials
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// A process as somebody else's runtime is told of it: names as numbers, and nothing that this host's root can't give, on
/// which such a runtime fails.
struct ForeignProcess {
    private(set) var process: RuntimeProcess
    private(set) var warnings: [String] = []

    init(_ process: RuntimeProcess) { self.process = process }

    static func groups(of spec: RuntimeSpec) -> [String] {
        (spec.annotations?["io.varve.group-add"] ?? "").split(separator: ",").map(String.init)
    }

    /// To be called in the process that becomes the runtime: it takes the score for itself, where it may.
    mutating func resolve(_ userName: String, adding groups: [String], in root: borrowing ContainerRoot) throws {
        let descriptor = root.descriptor
        let account: Accounts
        do throws(AccountError) {
            account = try Accounts(userName, adding: groups, fallback: process.user) {
                linux_open_in_root(descriptor, $0, UInt64(O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY))
            }
        } catch { throw StepError(error.description) }
        var user = process.user ?? RuntimeUser()
        (user.uid, user.gid, user.additionalGids) = (account.uid, account.gid, account.groups)
        user.umask = user.umask ?? 0o022
        process.user = user
        let environment = process.env ?? []
        if !environment.contains(where: { $0.hasPrefix("HOME=") }) {
            process.env = environment + ["HOME=\(account.home)"]
        }
        process.capabilities = possible(process.capabilities)
        process.rlimits = try Limits.possible(process.rlimits ?? [], warnings: &warnings)
        if let score = process.oomScoreAdj, !ProcessSetup.setScore(score) {
            warnings.append("oom_score_adj \(score) is not this host's to give")
            process.oomScoreAdj = nil
        }
    }

    private mutating func possible(_ sets: RuntimeCapabilities?) -> RuntimeCapabilities? {
        guard var sets else { return nil }
        // The others hold nothing that isn't in this one.
        _ = Credentials.available(sets.bounding ?? [], warnings: &warnings)
        var told: [String] = []
        func those(_ names: [String]?) -> [String]? {
            names?.filter { !Credentials.available([$0], warnings: &told).isEmpty }
        }
        (sets.bounding, sets.effective, sets.permitted) = (
            those(sets.bounding), those(sets.effective), those(sets.permitted)
        )
        (sets.inheritable, sets.ambient) = (those(sets.inheritable), those(sets.ambient))
        return sets
    }
}

extension Limits {
    /// These limits, as high as this host's root may set them.
    static func possible(_ limits: [RuntimeRlimit], warnings: inout [String]) throws -> [RuntimeRlimit] {
        // CAP_SYS_RESOURCE, by which limits are raised.
        let mayRaise = cap_get_bound(24) == 1
        let files = (try? readFile("/proc/sys/fs/nr_open", limit: 64)) ?? []
        // More files than these nobody may have open. (man 2 setrlimit)
        let mostFiles = UInt64(String(decoding: files.filter { $0 > 32 }, as: UTF8.self)) ?? .max
        return try limits.map { asked in
            if mayRaise, asked.type != "RLIMIT_NOFILE" || asked.hard <= mostFiles { return asked }
            guard let number = numbers[asked.type] else { throw StepError("unknown resource limit \(asked.type)") }
            var now = rlimit()
            try sys("read \(asked.type)") { getrlimit(__rlimit_resource_t(UInt32(number)), &now) }
            let most = UInt64(now.rlim_max)
            guard asked.hard > most else { return asked }
            warnings.append("\(asked.type) is \(most): this host's root may not raise it")
            return RuntimeRlimit(type: asked.type, hard: most, soft: min(asked.soft, most))
        }
    }
}
