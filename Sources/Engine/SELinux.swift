import Glibc
import Linux
import Logging
import Synchronization
import SystemPackage

/// SELinux where the kernel has it, a policy is loaded, and the daemon is to use it: contexts for containers (man 8 selinux).
///
/// Their types are the policy's; which container may touch whose files is a pair of categories that no two have.
final class SELinux: Sendable {
    /// Where the kernel shows itself; `enforce` is there when SELinux is on.
    static let folder: FilePath = "/sys/fs/selinux"

    private let process: SecurityContext
    private let file: SecurityContext
    /// Which container has which level.
    private let levels = Mutex([String: String]())

    /// Of the text of a policy's `lxc_contexts`: lines as `process = "system_u:system_r:container_t:s0"`.
    init(contexts text: String) throws {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let line = line.trimmed
            guard let sign = line.firstIndex(of: "="), !"#;".contains(line.first ?? "#") else { continue }
            values[line[..<sign].trimmed] = String(line[line.index(after: sign)...].trimmed.filter { $0 != "\"" })
        }
        guard let process = values["process"], let file = values["file"] else {
            throw EngineError(.failed, "it names no contexts for 'process' and 'file'")
        }
        (self.process, self.file) = (try SecurityContext(process), try SecurityContext(file))
    }

    /// Whether the kernel decides by SELinux: a policy is loaded, or this process would be `kernel`.
    static var isOn: Bool {
        guard exists(folder.appending("enforce")) else { return false }
        let own = (try? readFile("/proc/self/attr/current", limit: 4096)) ?? []
        let context = String(decoding: own.prefix { $0 > 32 }, as: UTF8.self)
        return !context.isEmpty && context != "kernel"
    }

    /// This host's; nil where the daemon is not to use it, or can't. Throws where its policy has no contexts for containers.
    static func ofHost(_ isWanted: Bool, _ log: Logger) throws -> SELinux? {
        guard isWanted else { return nil }
        guard isOn else {
            log.warning("SELinux is not enabled on this host: containers have no contexts of their own")
            return nil
        }
        let place = try contextsFile()
        do {
            return try SELinux(contexts: String(decoding: try readFile(place, limit: 1 << 16), as: UTF8.self))
        } catch {
            throw EngineError(
                .failed,
                "SELinux is on, but its policy has no contexts for containers (\(place): \(error)): install "
                    + "container-selinux, or start without --selinux-enabled"
            )
        }
    }

    /// Where containers' tools have the contexts, or else the policy that `/etc/selinux/config` names.
    private static func contextsFile() throws -> FilePath {
        let common: FilePath = "/usr/share/containers/selinux/contexts"
        if exists(common) { return common }
        let config = (try? readFile("/etc/selinux/config", limit: 1 << 16)) ?? []
        let lines = String(decoding: config, as: UTF8.self).split(separator: "\n").map(\.trimmed)
        let type = lines.last { $0.hasPrefix("SELINUXTYPE=") }?.dropFirst("SELINUXTYPE=".count).trimmed ?? "targeted"
        return FilePath("/etc/selinux/\(type)/contexts/lxc_contexts")
    }

    /// The contexts of a container that is being made, whose user says `options`; its level is its own from here on.
    func take(_ options: [String], for id: String) throws -> ContainerLabels {
        var (process, file) = (process, file)
        if !process.level.isEmpty {
            process.level = try freeLevel(for: id)
            file.level = process.level
        }
        do {
            let labels = try ContainerLabels(options, process: process, file: file)
            for label in [labels.process, labels.mount] where !label.isEmpty { try Self.check(label) }
            reserve(labels.process, for: id)
            return labels
        } catch {
            release(id)
            throw error
        }
    }

    private func freeLevel(for id: String) throws -> String {
        try levels.withLock { levels in
            let taken = Set(levels.values)
            for _ in 0..<10_000 {
                let (one, other) = (Int.random(in: 0..<1024), Int.random(in: 0..<1024))
                let level = "s0:c\(min(one, other)),c\(max(one, other))"
                guard one != other, level != "s0:c1022,c1023", !taken.contains(level) else { continue }
                levels[id] = level
                return level
            }
            throw EngineError(.failed, "no pair of SELinux categories is free: remove some containers")
        }
    }

    /// Keeps the level of a container's context from others; of one without context none.
    func reserve(_ label: String, for id: String) {
        levels.withLock { $0[id] = (try? SecurityContext(label)).flatMap { $0.level.isEmpty ? nil : $0.level } }
    }

    /// The container is gone, and its level free, if no other has it.
    func release(_ id: String) { levels.withLock { $0[id] = nil } }

    /// Throws where the loaded policy has no such context.
    private static func check(_ label: String) throws {
        let file = folder.appending("context").string
        do throws(SystemError) {
            let asked = OwnedDescriptor(try sys("open \(file)") { open(file, O_RDWR | O_CLOEXEC) })
            try sys("check \(label)") { write(asked.rawValue, label, label.utf8.count + 1) }
        } catch {
            guard error.errno == .invalidArgument else { throw error }
            throw EngineError(
                .invalid,
                "bad --security-opt label: the SELinux policy of this host has no context \(label): look at user, role, type "
                    + "and level (seinfo -t lists types)"
            )
        }
    }
}

extension StringProtocol {
    /// Without blanks around it.
    fileprivate var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        let rest = drop(while: isBlank)
        return String(rest.reversed().drop(while: isBlank).reversed())
    }
}
