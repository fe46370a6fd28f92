/// Which system calls a container's processes may make (runtime-spec, `config-linux.md`, "Seccomp").
package struct RuntimeSeccomp: Codable, Sendable, Equatable {
    /// What becomes of a call that no rule fits: `SCMP_ACT_ERRNO`.
    package var defaultAction: String
    package var defaultErrnoRet: UInt32?
    /// `SCMP_ARCH_X86_64`; empty: this machine's.
    package var architectures: [String]?
    /// `SECCOMP_FILTER_FLAG_LOG`.
    package var flags: [String]?
    package var listenerPath: String?
    package var syscalls: [RuntimeSyscalls]?

    package init(defaultAction: String) { self.defaultAction = defaultAction }
}

/// What becomes of some system calls.
package struct RuntimeSyscalls: Codable, Sendable, Equatable {
    package var names: [String]
    package var action: String
    package var errnoRet: UInt32?
    /// All must hold; two for one argument: either.
    package var args: [RuntimeSyscallArgument]?

    package init(names: [String], action: String) {
        self.names = names
        self.action = action
    }
}

/// A condition for one argument of a system call.
package struct RuntimeSyscallArgument: Codable, Sendable, Equatable {
    package var index: UInt32
    package var value: UInt64
    /// With `SCMP_CMP_MASKED_EQ`: what `value` as a mask must leave.
    package var valueTwo: UInt64?
    /// `SCMP_CMP_EQ`.
    package var op: String

    package init(index: UInt32, _ op: String, _ value: UInt64, _ valueTwo: UInt64? = nil) {
        (self.index, self.op, self.value, self.valueTwo) = (index, op, value, valueTwo)
    }
}
