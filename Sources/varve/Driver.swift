import ArgumentParser
import Glibc

/// `varve driver …`: storage drivers. The daemon's program knows them, so it does the work.
struct Driver: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "driver",
        abstract: "List, probe, check and measure storage drivers.",
        discussion: """
            Example: varve driver probe
            Example: varve driver check --driver overlay2
            Example: varve driver bench --quick
            """
    )

    @Argument(parsing: .captureForPassthrough) var words: [String] = []

    func run() throws { Self.handOver(["driver"] + words) }

    /// Becomes `varved driver …`: the `varved` beside this program, else the one on the `PATH`.
    static func handOver(_ arguments: [String]) -> Never {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let beside = own.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/varved"
        let words = (["varved"] + arguments).map { strdup($0) } + [nil]
        execv(beside, words)
        execvp("varved", words)
        warn("varve \(arguments.first ?? ""): varved is neither at \(beside) nor on the PATH")
        leave(127)
    }
}

/// `varve cp …`: the daemon's program has the library for tars.
struct Copy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp",
        abstract: "Copy files and folders into and out of containers.",
        discussion: "Example: varve cp box:/var/log/app.log .\nExample: varve cp ./site/. box:/srv/www"
    )

    @Flag(name: .shortAndLong, help: "Keep owners and groups.") var archive = false
    @Flag(name: [.customShort("L"), .long], help: "Copy what a link at the source points to.") var followLink = false
    @Flag(name: .shortAndLong, help: "Say nothing of how far it is.") var quiet = false
    @Argument(help: "What to copy: CONTAINER:PATH, PATH, or - for a tar on standard input.") var from: String
    @Argument(help: "Where to: CONTAINER:PATH, PATH, or - for a tar on standard output.") var to: String

    func run() throws {
        let flags = [("--archive", archive), ("--follow-link", followLink), ("--quiet", quiet)].filter(\.1).map(\.0)
        Driver.handOver(["cp"] + flags + ["--", from, to])
    }
}
