import Cgroups

/// What a container uses, in the form of runc's `events`.
struct UsageEvent: Encodable {
    struct Data: Encodable {
        struct Processor: Encodable {
            struct Usage: Encodable {
                let total: UInt64
                let percpu: [UInt64]?
                let kernel: UInt64
                let user: UInt64
            }

            struct Throttling: Encodable {
                let periods: UInt64
                let throttledPeriods: UInt64
                let throttledTime: UInt64
            }

            let usage: Usage
            let throttling: Throttling
        }

        struct Memory: Encodable {
            struct Usage: Encodable {
                let limit: UInt64?
                let usage: UInt64?
                let max: UInt64?
                let failcnt: UInt64?
            }

            let usage: Usage
            let raw: [String: UInt64]
        }

        struct Processes: Encodable {
            let current: UInt64?
            let limit: UInt64?
        }

        struct HugePages: Encodable {
            let usage: UInt64?
            let max: UInt64?
            let failcnt: UInt64?
        }

        let cpu: Processor
        let memory: Memory
        let pids: Processes
        /// By the size of the pages.
        let hugetlb: [String: HugePages]
    }

    let type = "stats"
    let id: String
    let data: Data

    init(_ id: String, _ group: ControlGroup) {
        self.id = id
        let (cpu, memory, pids) = (group.cpu, group.memory, group.pids)
        data = Data(
            cpu: Data.Processor(
                usage: .init(total: cpu.total, percpu: cpu.each, kernel: cpu.kernel, user: cpu.user),
                throttling: .init(
                    periods: cpu.periods,
                    throttledPeriods: cpu.throttledPeriods,
                    throttledTime: cpu.throttledTime
                )
            ),
            memory: Data.Memory(
                usage: .init(
                    limit: memory.limit,
                    usage: memory.current,
                    max: memory.most,
                    failcnt: memory.failures
                ),
                raw: memory.details
            ),
            pids: Data.Processes(current: pids.current, limit: pids.limit),
            hugetlb: group.hugePages.mapValues { .init(usage: $0.current, max: $0.most, failcnt: $0.failures) }
        )
    }
}
