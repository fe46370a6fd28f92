import Glibc
import OCI
import SystemPackage
import Testing

@testable import Seccomp

/// What programs decide, asked as the kernel would ask them.
struct SeccompTests {
    private static func program(_ profile: SeccompProfile, _ capabilities: Set<String> = []) throws -> Filter {
        let filter = try profile.filter(capabilities: capabilities, architecture: "amd64", kernel: "6.1.0-9-amd64")
        return Filter(try SeccompProgram(filter).instructions)
    }

    private static func standard(_ capabilities: Set<String> = []) throws -> Filter {
        try program(.standard, capabilities)
    }

    @Test(
        arguments: [
            (0, [0], true), (1, [0], true), (56, [17], true), (56, [0x1000_0000], false), (56, [0x7e02_0011], false),
            (272, [0], false), (165, [0], false),
            (175, [0], false), (101, [0], true), (321, [0], false), (41, [1], true), (41, [38], false),
            (41, [40], false), (41, [39], true),
            (41, [44], true), (135, [0], true), (135, [0xffff_ffff], true), (135, [4], false), (161, [0], false),
            (246, [0], false),
            (304, [0], false), (323, [0], false), (425, [0], false),
            (41, [1 << 32 | 38], false), (41, [1 << 32 | 40], false), (41, [45], true), (41, [46], false),
        ] as [(UInt32, [UInt64], Bool)]
    )
    func theDefaultProfile(call: UInt32, arguments: [UInt64], isAllowed: Bool) throws {
        let filter = try Self.standard()
        #expect(filter.answer(call, arguments) == (isAllowed ? 0x7fff_0000 : 0x0005_0001))
    }

    /// What is newer than all that is known is not there, in each profile that is closed.
    @Test func callsOfTheFuture() throws {
        #expect(try Self.standard().answer(9999, [0]) == 0x0005_0000 | UInt32(ENOSYS))
        #expect(try Self.standard().answer(0x4000_0000 | 9999, [0]) == 0x0005_0001, "x32 has other numbers")
        #expect(try Self.program(SeccompProfile(defaultAction: "SCMP_ACT_ALLOW")).answer(9999, [0]) == 0x7fff_0000)
    }

    /// More than the library can count; it would write past what it has.
    @Test func hugeProfilesAreRefused() throws {
        var profile = SeccompProfile(defaultAction: "SCMP_ACT_ERRNO")
        let conditions = (0..<6).map { RuntimeSyscallArgument(index: $0, "SCMP_CMP_EQ", 1) }
        profile.syscalls = (0..<3000).map { _ in SeccompProfile.Rule(["kill"], args: conditions) }
        #expect(throws: SeccompError.self) { try Self.program(profile) }
    }

    /// C libraries then use `clone`, whose flags can be seen.
    @Test func clone3IsNotThere() throws {
        #expect(try Self.standard().answer(435, [0]) == 0x0005_0000 | UInt32(ENOSYS))
        #expect(try Self.standard(["CAP_SYS_ADMIN"]).answer(435, [0]) == 0x7fff_0000)
    }

    @Test(arguments: [
        ("CAP_SYS_ADMIN", 165), ("CAP_SYS_ADMIN", 272), ("CAP_SYS_ADMIN", 321), ("CAP_SYS_BOOT", 169),
        ("CAP_SYS_CHROOT", 161),
        ("CAP_SYS_MODULE", 175), ("CAP_SYS_TIME", 164), ("CAP_BPF", 321), ("CAP_SYSLOG", 103),
        ("CAP_DAC_READ_SEARCH", 304),
    ])
    func capabilitiesBringTheirCalls(capability: String, call: UInt32) throws {
        #expect(try Self.standard().answer(call, [0]) == 0x0005_0001)
        #expect(try Self.standard([capability]).answer(call, [0]) == 0x7fff_0000)
    }

    /// The same rules for 32-bit calls, which have other numbers, and for those of x32; nothing for other machines.
    @Test func otherArchitecturesOfTheMachine() throws {
        let filter = try Self.standard()
        #expect(filter.answer(4, [0], architecture: 0x4000_0003) == 0x7fff_0000, "write")
        #expect(filter.answer(21, [0], architecture: 0x4000_0003) == 0x0005_0001, "mount")
        #expect(filter.answer(0x4000_0000 | 165, [0]) == 0x0005_0001, "mount in x32")
        #expect(filter.answer(1, [0], architecture: 0xc000_00b7) != 0x7fff_0000, "another machine's")
    }

    @Test func conditions() throws {
        var profile = SeccompProfile(defaultAction: "SCMP_ACT_ALLOW")
        var rule = SeccompProfile.Rule(["chmod", "no_such_call"], action: "SCMP_ACT_ERRNO")
        rule.errnoRet = 13
        rule.excludes = SeccompProfile.Conditions(caps: ["CAP_CHOWN"])
        var either = SeccompProfile.Rule(["kill"], action: "SCMP_ACT_KILL_PROCESS")
        either.args = [
            RuntimeSyscallArgument(index: 1, "SCMP_CMP_EQ", 9), RuntimeSyscallArgument(index: 1, "SCMP_CMP_EQ", 15),
        ]
        var newer = SeccompProfile.Rule(["getpid"], action: "SCMP_ACT_LOG")
        newer.includes = SeccompProfile.Conditions(minKernel: "7.0")
        profile.syscalls = [rule, either, newer]
        let filter = try Self.program(profile)
        #expect(filter.answer(90, [0]) == 0x0005_000d)
        #expect(filter.answer(62, [1, 9]) == 0x8000_0000 && filter.answer(62, [1, 15]) == 0x8000_0000)
        #expect(filter.answer(62, [1, 2]) == 0x7fff_0000 && filter.answer(39, []) == 0x7fff_0000)
        #expect(try Self.program(profile, ["CAP_CHOWN"]).answer(90, [0]) == 0x7fff_0000)
    }

    @Test(
        arguments: [
            { $0.defaultAction = "SCMP_ACT_NONSENSE" }, { $0.architectures = ["SCMP_ARCH_NONSENSE"] },
            { $0.flags = ["NONSENSE"] },
            { $0.listenerPath = "/s" },
            {
                $0.syscalls = [SeccompProfile.Rule(["kill"])]
                $0.syscalls?[0].includes = SeccompProfile.Conditions(minKernel: "4.8.1")
            }, { $0.syscalls = [SeccompProfile.Rule(["kill"], action: "SCMP_ACT_NONSENSE")] },
            {
                $0.syscalls = [SeccompProfile.Rule(["kill"], args: [RuntimeSyscallArgument(index: 0, "SCMP_CMP_X", 1)])]
            },
            {
                $0.syscalls = [
                    SeccompProfile.Rule(["kill"], args: [RuntimeSyscallArgument(index: 6, "SCMP_CMP_EQ", 1)])
                ]
            },
            {
                $0.syscalls = [SeccompProfile.Rule(["kill"])]
                $0.syscalls?[0].name = "kill"
            },
            {
                $0.architectures = ["SCMP_ARCH_X86_64"]
                $0.archMap = [.init("SCMP_ARCH_X86_64", with: [])]
            },
        ] as [@Sendable (inout SeccompProfile) -> Void]
    )
    func whatMakesNoSenseIsRefused(change: @Sendable (inout SeccompProfile) -> Void) {
        var profile = SeccompProfile(defaultAction: "SCMP_ACT_ERRNO")
        change(&profile)
        #expect(throws: (any Error).self) { try Self.program(profile) }
    }
}

/// As much of the kernel's machine as filters use. (man 2 seccomp; Documentation/networking/filter.rst)
private struct Filter {
    private struct Instruction {
        var code: UInt16
        var jumpIfTrue: Int
        var jumpIfFalse: Int
        var number: UInt32
    }

    private let program: [Instruction]

    init(_ bytes: [UInt8]) {
        program = stride(from: 0, to: bytes.count, by: 8).map { start in
            let number = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + 4 + $1]) << (8 * UInt32($1)) }
            return Instruction(
                code: UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8,
                jumpIfTrue: Int(bytes[start + 2]),
                jumpIfFalse: Int(bytes[start + 3]),
                number: number
            )
        }
    }

    func answer(_ call: UInt32, _ arguments: [UInt64], architecture: UInt32 = 0xc000_003e) -> UInt32 {
        // struct seccomp_data: number, architecture, where from, six arguments.
        var data: [UInt32] = [call, architecture, 0, 0]
        for argument in arguments { data += [UInt32(truncatingIfNeeded: argument), UInt32(argument >> 32)] }
        data += [UInt32](repeating: 0, count: 16 - data.count)
        var (accumulator, place) = (UInt32(0), 0)
        while place < program.count {
            let now = program[place]
            place += 1
            switch now.code {
            case 0x20: accumulator = data[Int(now.number) / 4]
            case 0x54: accumulator &= now.number
            case 0x05: place += Int(now.number)
            case 0x15: place += accumulator == now.number ? now.jumpIfTrue : now.jumpIfFalse
            case 0x25: place += accumulator > now.number ? now.jumpIfTrue : now.jumpIfFalse
            case 0x35: place += accumulator >= now.number ? now.jumpIfTrue : now.jumpIfFalse
            case 0x45: place += accumulator & now.number != 0 ? now.jumpIfTrue : now.jumpIfFalse
            case 0x06: return now.number
            default: Issue.record("unknown instruction \(now.code)"); return 0
            }
        }
        Issue.record("the program ended without an answer")
        return 0
    }
}
