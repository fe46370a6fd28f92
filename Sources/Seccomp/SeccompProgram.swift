import CLinux
import CSeccomp
import Glibc
import Linux
package import OCI
import SystemPackage

/// A filter as the program that the kernel runs at each system call. (man 2 seccomp, man 3 seccomp_rule_add)
package struct SeccompProgram: Sendable, Equatable {
    /// The kernel's `struct sock_filter`, one after the other.
    package let instructions: [UInt8]
    /// `SECCOMP_FILTER_FLAG_…`.
    package let flags: UInt32

    /// Throws where an action, an operator, an architecture or a flag is unknown. System calls that are unknown are passed over, as
    /// runc does it: profiles name those of newer kernels too.
    package init(_ filter: RuntimeSeccomp) throws {
        flags = try Self.flags(filter.flags)
        let standard = try Self.action(filter.defaultAction, filter.defaultErrnoRet)
        guard let context = seccomp_init(standard) else {
            throw SeccompError("seccomp: \(filter.defaultAction) can't be the default action")
        }
        defer { seccomp_release(context) }
        // As a tree, in which each call is found with few comparisons.
        try Self.check(seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2), "order the filter")
        try Self.refuseHuge(filter)
        for name in filter.architectures ?? [] { try Self.add(architecture: name, to: context) }
        for rule in filter.syscalls ?? [] {
            let action = try Self.action(rule.action, rule.errnoRet)
            // The library refuses rules that say what would be so anyway.
            if action == standard { continue }
            try Self.add(rule, action, to: context)
        }
        let program = try Self.exported(context)
        instructions = Self.isOpen(filter.defaultAction) ? program : Self.unknownCalls(filter) + program
        guard instructions.count <= 4096 * 8 else {
            throw SeccompError("seccomp: the filter has \(instructions.count / 8) instructions; the kernel takes 4096")
        }
    }

    /// The library counts instructions in 16 bits and writes past what it has for more of them.
    private static func refuseHuge(_ filter: RuntimeSeccomp) throws {
        let size = (filter.syscalls ?? []).reduce(0) { $0 + $1.names.count * max(1, $1.args?.count ?? 0) }
        guard size <= 4096 else {
            throw SeccompError("seccomp: the profile has \(size) system calls and conditions; 4096 is the most")
        }
    }

    private static func isOpen(_ action: String) -> Bool { ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"].contains(action) }

    /// Calls that are newer than all that the profile and the library know do not exist (ENOSYS), rather than being forbidden:
    /// C libraries then take older ones. Instructions to go before the others, as runc has them. (man 2 seccomp)
    private static func unknownCalls(_ filter: RuntimeSeccomp) -> [UInt8] {
        let newest = (filter.syscalls ?? []).flatMap(\.names).map { seccomp_syscall_resolve_name($0) }.max() ?? -1
        let architecture = seccomp_arch_native()  // in the kernel's numbers
        guard newest > 0, [0xc000_003e, 0xc000_00b7].contains(architecture) else { return [] }
        // x32's calls have numbers of their own, from 1 << 30.
        let program: [(code: UInt16, ifTrue: UInt8, ifFalse: UInt8, number: UInt32)] = [
            (0x20, 0, 0, 4), (0x15, 0, 4, architecture), (0x20, 0, 0, 0), (0x35, 2, 0, 1 << 30),
            (0x25, 0, 1, UInt32(newest)), (0x06, 0, 0, varve_seccomp_errno(UInt16(ENOSYS))),
        ]
        return program.flatMap { line -> [UInt8] in
            let number = (0..<4).map { UInt8(truncatingIfNeeded: line.number >> (8 * UInt32($0))) }
            return [UInt8(line.code), 0, line.ifTrue, line.ifFalse] + number
        }
    }

    private static func add(architecture name: String, to context: scmp_filter_ctx) throws {
        let word = name.hasPrefix("SCMP_ARCH_") ? name.dropFirst(10).lowercased() : name
        let token = seccomp_arch_resolve_name(word)
        guard token != 0 else { throw SeccompError("seccomp: unknown architecture \(name)") }
        let result = seccomp_arch_add(context, token)
        if result != -EEXIST { try check(result, "add the architecture \(name)") }
    }

    private static func add(_ rule: RuntimeSyscalls, _ action: UInt32, to context: scmp_filter_ctx) throws {
        let conditions = try (rule.args ?? []).map(condition)
        let indexes = conditions.map(\.arg)
        // Two conditions for one argument are two rules, of which either may hold.
        let sets = Set(indexes).count == indexes.count ? [conditions] : conditions.map { [$0] }
        for name in rule.names {
            let call = seccomp_syscall_resolve_name(name)
            if call == __NR_SCMP_ERROR { continue }
            for conditions in sets {
                let result = seccomp_rule_add_array(context, action, call, UInt32(conditions.count), conditions)
                // Said before, with the same end.
                if result != -EEXIST { try check(result, "add the rule for \(name)") }
            }
        }
    }

    private static func condition(_ argument: RuntimeSyscallArgument) throws -> scmp_arg_cmp {
        let operators: [String: scmp_compare] = [
            "SCMP_CMP_NE": SCMP_CMP_NE, "SCMP_CMP_LT": SCMP_CMP_LT, "SCMP_CMP_LE": SCMP_CMP_LE,
            "SCMP_CMP_EQ": SCMP_CMP_EQ,
            "SCMP_CMP_GE": SCMP_CMP_GE, "SCMP_CMP_GT": SCMP_CMP_GT, "SCMP_CMP_MASKED_EQ": SCMP_CMP_MASKED_EQ,
        ]
        guard let comparison = operators[argument.op] else {
            throw SeccompError("seccomp: unknown operator \(argument.op)")
        }
        guard argument.index < 6 else { throw SeccompError("seccomp: a call has no argument \(argument.index)") }
        return scmp_arg_cmp(
            arg: argument.index,
            op: comparison,
            datum_a: argument.value,
            datum_b: argument.valueTwo ?? 0
        )
    }

    private static func action(_ name: String, _ number: UInt32?) throws -> UInt32 {
        // EPERM, where no other error is named.
        let error = UInt16(truncatingIfNeeded: number ?? 1)
        switch name {
        case "SCMP_ACT_ALLOW": return 0x7fff_0000
        case "SCMP_ACT_ERRNO": return varve_seccomp_errno(error)
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return 0
        case "SCMP_ACT_KILL_PROCESS": return 0x8000_0000
        case "SCMP_ACT_TRAP": return 0x0003_0000
        case "SCMP_ACT_TRACE": return varve_seccomp_trace(error)
        case "SCMP_ACT_LOG": return 0x7ffc_0000
        default: throw SeccompError("seccomp: unknown action \(name)")
        }
    }

    private static func flags(_ names: [String]?) throws -> UInt32 {
        // As runc: a container's processes are no slower than the host's.
        guard let names else { return 1 << 2 }
        let known: [String: UInt32] = [
            "SECCOMP_FILTER_FLAG_TSYNC": 1, "SECCOMP_FILTER_FLAG_LOG": 1 << 1, "SECCOMP_FILTER_FLAG_SPEC_ALLOW": 1 << 2,
        ]
        return try names.reduce(0) { flags, name in
            guard let flag = known[name] else { throw SeccompError("seccomp: unknown flag \(name)") }
            return flags | flag
        }
    }

    /// The library writes to a file only.
    private static func exported(_ context: scmp_filter_ctx) throws -> [UInt8] {
        let file = OwnedDescriptor(try sys("make a memory file") { linux_memory_file("seccomp") })
        try check(seccomp_export_bpf(context, file.rawValue), "make the program")
        return try readFile(FilePath("/proc/self/fd/\(file.rawValue)"), limit: 1 << 20)
    }

    private static func check(_ result: CInt, _ what: String) throws {
        if result < 0 { throw SystemError("seccomp: \(what)", .init(rawValue: -result)) }
    }
}
