import OCI

extension RuntimeDeviceRule {
    private func number(_ value: Int64?) -> String { value.map { $0 < 0 ? "*" : "\($0)" } ?? "*" }

    /// Whether it is about everything that can be done with every device.
    var isForAll: Bool {
        type ?? "a" == "a" && major ?? -1 < 0 && minor ?? -1 < 0 && "rwm".allSatisfy((access ?? "rwm").contains)
    }

    /// `c 1:3 rwm`, as the kernel reads it. It reads no further than an `a`: that is all devices, whatever follows.
    var lines: [String] {
        if isForAll { return ["a"] }
        let kinds = type ?? "a" == "a" ? ["b", "c"] : [type ?? ""]
        return kinds.map { "\($0) \(number(major)):\(number(minor)) \(access ?? "rwm")" }
    }
}

/// Rules for devices as a program of the kernel's small machine: the last one that fits decides, and none forbids.
struct DeviceProgram {
    /// Eight bytes each: operation, registers, offset, number. (Documentation/bpf/standardization/instruction-set.rst)
    private(set) var instructions: [UInt64] = []

    private enum Operation {
        static let load: UInt8 = 0x61, moveNumber: UInt8 = 0xb7, move: UInt8 = 0xbf, and: UInt8 = 0x57
        static let shift: UInt8 = 0x77, unlessNumber: UInt8 = 0x55, unless: UInt8 = 0x5d, ifNumber: UInt8 = 0x15
        static let exit: UInt8 = 0x95
    }

    init(_ rules: [RuntimeDeviceRule]) {
        // What is asked comes in register 1: kind and access in one word, then the numbers.
        add(Operation.load, to: 2, from: 1, offset: 0)
        add(Operation.and, to: 2, number: 0xffff)
        add(Operation.load, to: 3, from: 1, offset: 0)
        add(Operation.shift, to: 3, number: 16)
        add(Operation.load, to: 4, from: 1, offset: 4)
        add(Operation.load, to: 5, from: 1, offset: 8)
        for rule in rules.reversed() {
            add(rule)
            // Nothing gets further, and the kernel takes no program with instructions that are never reached.
            if rule.isForAll { return }
        }
        answer(false)
    }

    private mutating func add(_ rule: RuntimeDeviceRule) {
        var misses: [Int] = []
        if let kind: Int32 = ["b": 1, "c": 2][rule.type ?? "a"] {
            misses.append(add(Operation.unlessNumber, to: 2, number: kind))
        }
        let bits = (rule.access ?? "rwm").reduce(0) { $0 | (["m": 1, "r": 2, "w": 4][$1] ?? 0) }
        if bits != 7 {
            add(Operation.move, to: 1, from: 3)
            add(Operation.and, to: 1, number: Int32(bits))
            // Allowed is who asks for nothing else; forbidden, who asks for any of it.
            misses.append(
                rule.allow
                    ? add(Operation.unless, to: 1, from: 3) : add(Operation.ifNumber, to: 1, number: 0)
            )
        }
        if let major = rule.major, major >= 0 {
            misses.append(add(Operation.unlessNumber, to: 4, number: Int32(clamping: major)))
        }
        if let minor = rule.minor, minor >= 0 {
            misses.append(add(Operation.unlessNumber, to: 5, number: Int32(clamping: minor)))
        }
        answer(rule.allow)
        for miss in misses { instructions[miss] |= UInt64(instructions.count - miss - 1) << 16 }
    }

    private mutating func answer(_ isAllowed: Bool) {
        add(Operation.moveNumber, to: 0, number: isAllowed ? 1 : 0)
        add(Operation.exit)
    }

    /// Returns where it stands.
    @discardableResult
    private mutating func add(
        _ operation: UInt8,
        to target: UInt64 = 0,
        from source: UInt64 = 0,
        offset: UInt64 = 0,
        number: Int32 = 0
    ) -> Int {
        let registers = target | source << 4
        let word = UInt64(operation) | registers << 8 | offset << 16 | UInt64(UInt32(bitPattern: number)) << 32
        instructions.append(word)
        return instructions.count - 1
    }
}
