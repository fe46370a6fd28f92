import ArgumentParser
import Glibc
import HTTPClient
import Linux

/// `varve stats`.
struct StatsVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Show what containers use, as it changes.",
        discussion: """
            Example: varve stats
            Example: varve stats --no-stream --format '{{.Name}} {{.MemUsage}}' box
            """
    )

    @Flag(name: .shortAndLong, help: "Containers that do not run, too.") var all = false
    @Option(help: "json, table or a template.") var format: String?
    @Flag(name: .customLong("no-stream"), help: "Show them once.") var noStream = false
    @Flag(name: .customLong("no-trunc"), help: "Show everything in full.") var noTrunc = false
    @Argument(help: "The containers; all that run if absent.") var containers: [String] = []

    func run() throws {
        guard !(all && !containers.isEmpty) else {
            throw Failure(message: "--all and names of containers exclude each other")
        }
        let daemon = try Daemon()
        if noStream { return try once(daemon) }
        try live(daemon)
    }

    private func once(_ daemon: Daemon) throws {
        let names = containers.isEmpty ? try running(daemon) : containers
        // All at once: each answer takes the daemon the time between two samples.
        let answers = try names.map { try request($0, daemon, stream: false) }
        let rows = try zip(names, answers).map { name, answer in
            Statistics(answer == nil ? .null : try JSON(answer?.readAll() ?? []), container: name, noTrunc: noTrunc).row
        }
        try Listing(columns: Statistics.columns, rows: rows).show(format: format, quiet: false)
    }

    /// Nil for a container that went meanwhile, where nobody asked for it by name.
    private func request(_ name: String, _ daemon: Daemon, stream: Bool) throws -> ClientResponse? {
        do {
            let query = [("stream", stream ? "1" : "0")]
            return try daemon.open(ClientRequest("GET", containerPath(name, "/stats"), query: query))
        } catch let failure as Failure where containers.isEmpty && failure.http == 404 { return nil }
    }

    private func running(_ daemon: Daemon) throws -> [String] {
        try daemon.ask("GET", "/containers/json", query: all ? [("all", "1")] : []).elements.compactMap {
            $0["Id"].string
        }
    }

    /// A picture every half second; containers come and go when all are shown.
    private func live(_ daemon: Daemon) throws {
        var sources: [StatisticsSource] = []
        var screen = Screen()
        // New containers need no list of events: they are asked for as often as the picture changes.
        while true {
            if containers.isEmpty || sources.isEmpty {
                let names = containers.isEmpty ? try running(daemon) : containers
                sources.removeAll { !names.contains($0.name) }
                for name in names where !sources.contains(where: { $0.name == name }) {
                    if let answer = try request(name, daemon, stream: true) { sources.append(.init(name, answer)) }
                }
            }
            try StatisticsSource.read(&sources, for: 500)
            if !containers.isEmpty, sources.allSatisfy(\.hasEnded) { return }
            let rows = sources.filter { !$0.hasEnded }.map {
                Statistics($0.last, container: $0.name, noTrunc: noTrunc).row
            }
            screen.show(try Listing(columns: Statistics.columns, rows: rows).text(format: format))
        }
    }
}

/// One container's stream of statistics.
struct StatisticsSource {
    let name: String
    private let answer: ClientResponse
    private(set) var last = JSON.null
    private(set) var hasEnded = false
    private var pending: [UInt8] = []

    init(_ name: String, _ answer: ClientResponse) { (self.name, self.answer) = (name, answer) }

    /// Takes what comes within that many milliseconds.
    static func read(_ sources: inout [StatisticsSource], for milliseconds: Int) throws {
        let end = now() + milliseconds
        while case let left = end - now(), left > 0 {
            var wanted = sources.map {
                pollfd(fd: $0.hasEnded ? -1 : $0.answer.stream.descriptor, events: Int16(POLLIN), revents: 0)
            }
            let isWaiting = sources.contains { !$0.hasEnded && $0.answer.stream.hasBuffered }
            try sys("wait for statistics") { poll(&wanted, nfds_t(wanted.count), isWaiting ? 0 : CInt(left)) }
            for place in sources.indices
            where !sources[place].hasEnded && (wanted[place].revents != 0 || sources[place].answer.stream.hasBuffered) {
                try sources[place].read()
            }
        }
    }

    private mutating func read() throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
        defer { room.deallocate() }
        let count = try answer.read(into: room)
        hasEnded = count == 0
        pending += room[..<count]
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            let line = pending[..<end]
            if line.contains(where: { $0 > 32 }) { last = try JSON(line) }
            pending.removeSubrange(...end)
        }
    }

    private static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}

/// A terminal whose picture changes in place; elsewhere each picture follows the last.
struct Screen {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private var isFirst = true

    mutating func show(_ text: String) {
        guard isTerminal else { return put(text) }
        // Home, each line with its end cleared, and all below: nothing flickers.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\u{1B}[K\n")
        put((isFirst ? "\u{1B}[2J" : "") + "\u{1B}[H" + lines + "\u{1B}[J")
        isFirst = false
    }
}
