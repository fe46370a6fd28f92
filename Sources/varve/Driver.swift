import ArgumentParser
import Glibc

/// `varve driver …`: storage drivers. The daemon's program knows them, so it does the work.
struct Driver: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, probe and check storage drivers.",
        discussion: "Example: varve driver probe\nExample: varve driver check --driver overlay2"
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
        warn("varve driver: varved is neither at \(beside) nor on the PATH")
        leave(127)
    }
}
