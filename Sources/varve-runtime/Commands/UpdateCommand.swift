import Cgroups
import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// `update`: other limits for a container that is there.
enum UpdateCommand {
    static func run(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let options = try Options(
            words,
            [
                .value("resources", "r"), .value("blkio-weight"), .value("cpu-period"), .value("cpu-quota"),
                .value("cpu-share"), .value("cpu-rt-period"), .value("cpu-rt-runtime"), .value("cpuset-cpus"),
                .value("cpuset-mems"), .value("memory"), .value("memory-reservation"), .value("memory-swap"),
                .value("pids-limit"),
            ]
        )
        let folder = try StateFolder(try options.container(), invocation)
        let record = try folder.record()
        guard folder.status(record) != .stopped else { throw StepError("cannot update a container that has stopped") }
        guard let groups = CommandGroups(record.cgroupsPath) else { throw StepError("this host has no control groups") }
        let resources = try options.value("resources").map(read) ?? flags(options)
        try groups.group.limit(resources)
        return 0
    }

    /// `-` is standard input.
    private static func read(_ path: String) throws -> RuntimeResources {
        try step("--resources \(path)") {
            let file = path == "-" ? FilePath("/dev/stdin") : absolute(path)
            return try JSONDecoder().decode(RuntimeResources.self, from: Data(path == "-" ? input() : readFile(file)))
        }
    }

    private static func input() throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = try sys("read standard input", { Glibc.read(STDIN_FILENO, &buffer, buffer.count) }),
            count > 0, all.count < 1 << 24
        {
            all += buffer[..<count]
        }
        return all
    }

    private static func flags(_ options: Options) throws -> RuntimeResources {
        var memory = RuntimeMemory()
        memory.limit = try options.value("memory").map(bytes)
        memory.reservation = try options.value("memory-reservation").map(bytes)
        memory.swap = try options.value("memory-swap").map(bytes)
        var cpu = RuntimeCPU()
        cpu.shares = try options.number("cpu-share")
        cpu.quota = try options.number("cpu-quota")
        cpu.period = try options.number("cpu-period")
        cpu.realtimePeriod = try options.number("cpu-rt-period")
        cpu.realtimeRuntime = try options.number("cpu-rt-runtime")
        (cpu.cpus, cpu.mems) = (options.value("cpuset-cpus"), options.value("cpuset-mems"))
        var resources = RuntimeResources()
        (resources.memory, resources.cpu) = (memory, cpu)
        if let limit = try options.number("pids-limit", Int64.self) { resources.pids = RuntimePids(limit: limit) }
        if let weight = try options.number("blkio-weight", UInt16.self) {
            resources.blockIO = RuntimeBlockIO()
            resources.blockIO?.weight = weight
        }
        return resources
    }

    /// `64m`; -1: no limit.
    private static func bytes(_ text: String) throws -> Int64 {
        let units: [Character: Int64] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "b": 1]
        var digits = text.lowercased()
        var unit: Int64 = 1
        if digits.count > 1, digits.hasSuffix("b") { digits.removeLast() }
        if let last = digits.last, let factor = units[last] {
            unit = factor
            digits.removeLast()
        }
        guard let number = Int64(digits), case let (value, tooLarge) = number.multipliedReportingOverflow(by: unit),
            !tooLarge
        else { throw UsageError("\"\(text)\" is no number of bytes") }
        return value
    }
}
