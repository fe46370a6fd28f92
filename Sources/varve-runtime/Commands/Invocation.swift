import CLinux
import FoundationEssentials
import Glibc
import Linux
import OCI
import SystemPackage

/// What stands before the command on the command line: where containers' states are, and where to say what went wrong.
struct Invocation {
    let root: FilePath
    let log: String?
    let logsJSON: Bool
    let isVerbose: Bool

    static let options: [Options.Known] = [
        .value("root"), .value("log"), .value("log-format"), .flag("debug"), .flag("systemd-cgroup"),
        .value("rootless"), .value("criu"), .flag("help", "h"), .flag("version", "v"),
    ]

    init(_ options: Options) throws {
        root = absolute(options.value("root") ?? "/run/varve-runtime")
        log = options.value("log").flatMap { $0.isEmpty ? nil : absolute($0).string }
        isVerbose = options.has("debug")
        switch options.value("log-format") ?? "text" {
        case "text": logsJSON = false
        case "json": logsJSON = true
        case let other: throw UsageError("invalid log-format \"\(other)\": it is text or json")
        }
    }

    func warn(_ message: String) { say("warning", message) }

    func debug(_ message: String) { if isVerbose { say("debug", message) } }

    /// An error goes to standard error, too: callers show that.
    func fail(_ message: String) {
        if log != nil { say("error", message) }
        write("varve-runtime: \(message)\n", to: STDERR_FILENO)
    }

    private struct Line: Encodable {
        let level: String
        let msg: String
        let time: String
    }

    private func say(_ level: String, _ message: String) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let time = Timestamp(seconds: Int64(now.tv_sec)).description
        let json = (try? JSONEncoder().encode(Line(level: level, msg: message, time: time))).map {
            String(decoding: $0, as: UTF8.self)
        }
        let quoted = message.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : $0 == "\n" ? "\\n" : String($0) }.joined()
        let text = "time=\"\(time)\" level=\(level) msg=\"\(quoted)\""
        let line = (logsJSON ? json ?? text : text) + "\n"
        guard let log else { return write(line, to: STDERR_FILENO) }
        let file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        // Without its log it has nowhere else to say so.
        guard file >= 0 else { return write(line, to: STDERR_FILENO) }
        write(line, to: file)
        close(file)
    }

    private func write(_ text: String, to descriptor: CInt) { _ = Glibc.write(descriptor, text, text.utf8.count) }
}

/// `path` from the root on, whatever the working folder is later.
func absolute(_ path: String, from base: FilePath? = nil) -> FilePath {
    let path = FilePath(path)
    if path.isAbsolute { return path.lexicallyNormalized() }
    var here = [CChar](repeating: 0, count: Int(PATH_MAX))
    let folder = base ?? (getcwd(&here, here.count) == nil ? "/" : FilePath(platformString: here))
    return folder.pushing(path).lexicallyNormalized()
}

/// Writes a value as JSON to standard output.
func printJSON(_ value: some Encodable, isPretty: Bool = true) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = isPretty ? [.prettyPrinted, .withoutEscapingSlashes] : [.withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
