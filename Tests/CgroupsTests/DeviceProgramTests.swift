import OCI
import Testing

@testable import Cgroups

/// Rules for devices as the kernel's machine would run them.
struct DeviceProgramTests {
    private static let rules = [
        RuntimeDeviceRule(allow: false),
        RuntimeDeviceRule(allow: true, type: "c", access: "m"),
        RuntimeDeviceRule(allow: true, type: "c", major: 1, minor: 3),
        RuntimeDeviceRule(allow: true, type: "b", major: 7, access: "r"),
        RuntimeDeviceRule(allow: false, type: "b", major: 7, minor: 9, access: "rw"),
    ]

    @Test(arguments: [
        ("c", 1, 3, "rw", true), ("c", 1, 3, "m", true), ("c", 1, 4, "r", false), ("c", 1, 4, "m", true),
        ("b", 1, 3, "r", false), ("b", 7, 0, "r", true), ("b", 7, 0, "rw", false), ("b", 7, 9, "r", false),
        ("b", 7, 9, "w", false), ("b", 8, 0, "m", false), ("c", 1, 3, "rwm", true),
    ])
    func theLastRuleThatFitsDecides(type: String, major: UInt32, minor: UInt32, access: String, isAllowed: Bool) throws
    {
        let answer = try Machine(DeviceProgram(Self.rules).instructions).run(type, major, minor, access)
        #expect(answer == isAllowed)
    }

    /// The kernel refuses a program with instructions that are never reached.
    @Test func aRuleForAllIsTheEnd() {
        #expect(DeviceProgram([RuntimeDeviceRule(allow: false)]).instructions.count == 8)
        #expect(
            DeviceProgram([RuntimeDeviceRule(allow: true, access: "r"), RuntimeDeviceRule(allow: false)]).instructions
                .count == 8
        )
    }

    @Test func withoutRulesNothingIsAllowed() throws {
        #expect(try Machine(DeviceProgram([]).instructions).run("c", 1, 3, "r") == false)
        let open = DeviceProgram([RuntimeDeviceRule(allow: true)]).instructions
        #expect(try Machine(open).run("b", 8, 0, "rwm"))
    }
}

/// As much of the kernel's machine as the programs use. (Documentation/bpf/standardization/instruction-set.rst)
private struct Machine {
    struct Unknown: Error { var operation: UInt64 }

    private let program: [UInt64]

    init(_ program: [UInt64]) { self.program = program }

    func run(_ type: String, _ major: UInt32, _ minor: UInt32, _ access: String) throws -> Bool {
        let bits = access.reduce(UInt32(0)) { $0 | (["m": 1, "r": 2, "w": 4][$1] ?? 0) }
        let context: [UInt64: UInt32] = [0: bits << 16 | (type == "b" ? 1 : 2), 4: major, 8: minor]
        var registers = [UInt64](repeating: 0, count: 11)
        var place = 0
        while true {
            let word = program[place]
            let (target, source) = (Int(word >> 8 & 0xf), Int(word >> 12 & 0xf))
            let (offset, number) = (word >> 16 & 0xffff, UInt64(UInt32(truncatingIfNeeded: word >> 32)))
            place += 1
            switch word & 0xff {
            case 0x61: registers[target] = UInt64(context[offset] ?? 0)
            case 0x57: registers[target] &= number
            case 0x77: registers[target] >>= number
            case 0xb7: registers[target] = number
            case 0xbf: registers[target] = registers[source]
            case 0x55: if registers[target] != number { place += Int(offset) }
            case 0x5d: if registers[target] != registers[source] { place += Int(offset) }
            case 0x15: if registers[target] == number { place += Int(offset) }
            case 0x95: return registers[0] == 1
            default: throw Unknown(operation: word)
            }
        }
    }
}
