package import OCI

/// A profile as Docker has it: rules that depend on a container's capabilities, on the machine and on its kernel.
/// (https://docs.docker.com/engine/security/seccomp/)
package struct SeccompProfile: Codable, Sendable {
    /// A machine's architecture, and those that it runs besides.
    package struct Architectures: Codable, Sendable {
        package var architecture: String
        package var subArchitectures: [String]?

        package init(_ architecture: String, with others: [String]) {
            (self.architecture, subArchitectures) = (architecture, others)
        }
    }

    /// When a rule counts, or doesn't.
    package struct Conditions: Codable, Sendable {
        /// `CAP_SYS_ADMIN`.
        package var caps: [String]?
        /// In Go's words: `amd64`.
        package var arches: [String]?
        /// `4.8`.
        package var minKernel: String?

        package init(caps: [String]? = nil, arches: [String]? = nil, minKernel: String? = nil) {
            (self.caps, self.arches, self.minKernel) = (caps, arches, minKernel)
        }
    }

    /// Some system calls, and what becomes of them.
    package struct Rule: Codable, Sendable {
        /// The old form of `names`.
        package var name: String?
        package var names: [String]?
        package var action: String
        package var errnoRet: UInt32?
        package var args: [RuntimeSyscallArgument]?
        package var includes: Conditions?
        package var excludes: Conditions?

        package init(_ names: [String], action: String = "SCMP_ACT_ALLOW", args: [RuntimeSyscallArgument]? = nil) {
            (self.names, self.action, self.args) = (names, action, args)
        }
    }

    package var defaultAction: String
    package var defaultErrnoRet: UInt32?
    package var architectures: [String]?
    package var archMap: [Architectures]?
    package var flags: [String]?
    package var listenerPath: String?
    package var syscalls: [Rule]?

    package init(defaultAction: String) { self.defaultAction = defaultAction }
}

/// Why a profile can't be used.
package struct SeccompError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

extension SeccompProfile {
    /// What it means for a container that may have `capabilities`, on a machine of that kind (Go's word) and kernel.
    package func filter(
        capabilities: Set<String>,
        architecture: String,
        kernel: String
    ) throws(SeccompError) -> RuntimeSeccomp {
        guard listenerPath ?? "" == "" else {
            throw SeccompError("seccomp profiles with a listener (listenerPath) are not there")
        }
        guard (architectures ?? []).isEmpty || (archMap ?? []).isEmpty else {
            throw SeccompError("'architectures' and 'archMap' were specified in the seccomp profile, use either one")
        }
        var filter = RuntimeSeccomp(defaultAction: defaultAction)
        (filter.defaultErrnoRet, filter.flags) = (defaultErrnoRet, flags)
        let native = ["amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64"][architecture]
        let mapped = (archMap ?? []).first { $0.architecture == native }
        let named = architectures ?? []
        filter.architectures = named.isEmpty ? mapped.map { [$0.architecture] + ($0.subArchitectures ?? []) } : named
        filter.syscalls = []
        for rule in syscalls ?? [] {
            for least in [rule.includes?.minKernel, rule.excludes?.minKernel] {
                if let least, !least.isEmpty, !KernelVersion.isOne(least) {
                    throw SeccompError("seccomp: minKernel is \"\(least)\"; write it as 4.8")
                }
            }
            guard rule.counts(capabilities, architecture, kernel) else { continue }
            guard rule.name ?? "" == "" || (rule.names ?? []).isEmpty else {
                throw SeccompError("'name' and 'names' were specified in the seccomp profile, use either one")
            }
            var calls = RuntimeSyscalls(names: rule.names ?? [], action: rule.action)
            if let name = rule.name, !name.isEmpty { calls.names = [name] }
            (calls.errnoRet, calls.args) = (rule.errnoRet, rule.args)
            filter.syscalls?.append(calls)
        }
        return filter
    }
}

extension SeccompProfile.Rule {
    /// All that is included must be there, and nothing of what is excluded.
    fileprivate func counts(_ capabilities: Set<String>, _ architecture: String, _ kernel: String) -> Bool {
        if let includes {
            if let arches = includes.arches, !arches.isEmpty, !arches.contains(architecture) { return false }
            guard capabilities.isSuperset(of: includes.caps ?? []) else { return false }
            if let least = includes.minKernel, !least.isEmpty, KernelVersion(kernel) < KernelVersion(least) {
                return false
            }
        }
        if let excludes {
            if excludes.arches?.contains(architecture) == true { return false }
            guard capabilities.isDisjoint(with: excludes.caps ?? []) else { return false }
            if let least = excludes.minKernel, !least.isEmpty, KernelVersion(kernel) >= KernelVersion(least) {
                return false
            }
        }
        return true
    }
}

/// The first two numbers of a kernel's version: `6.18.3-amd64`.
private struct KernelVersion: Comparable {
    let major: Int
    let minor: Int

    init(_ text: String) {
        let numbers = text.split { !$0.isNumber }.prefix(2).map { Int($0) ?? 0 }
        (major, minor) = (numbers.first ?? 0, numbers.dropFirst().first ?? 0)
    }

    /// `4.8`, both up to 255.
    static func isOne(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { UInt8($0) != nil }
    }

    static func < (one: Self, other: Self) -> Bool { (one.major, one.minor) < (other.major, other.minor) }
}
