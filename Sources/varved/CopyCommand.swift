import ArgumentParser
import Glibc
import HTTPClient

/// `varved cp`, which `varve cp` hands over to: the daemon's program has the library that reads and writes tars.
struct CopyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cp",
        _superCommandName: "varve",
        abstract: "Copy files and folders into and out of containers, running or not.",
        discussion: """
            A folder is copied with all that is in it; `folder/.` means what is in it. `-` is a tar on standard input or output.

            Examples:
              varve cp box:/var/log/app.log .
              varve cp ./site/. box:/srv/www
              varve cp -a config.json box:/etc/
              varve cp box:/etc - | tar t
            """
    )

    @Flag(
        name: .shortAndLong,
        help: "Keep owners: the container's user for what goes in, the files' own for what comes out."
    )
    var archive = false
    @Flag(name: [.customShort("L"), .long], help: "Copy what a link in SOURCE leads to.") var followLink = false
    @Flag(name: .shortAndLong, help: "Say nothing.") var quiet = false
    @Argument(help: "CONTAINER:PATH, a path of this host, or -.") var source: String
    @Argument(help: "CONTAINER:PATH, a path of this host, or -.") var destination: String

    func run() throws {
        let daemon = try CopyDaemon()
        let count: Int
        switch (Self.place(source), Self.place(destination)) {
        case (.container(let name, let path), .host(let target)):
            let copy = CopyFromContainer(daemon: daemon, name: name, keepsOwners: archive)
            count = try copy.run(path, to: target, followLink: followLink)
            if target == "-" { return }
        case (.host(let path), .container(let name, let target)):
            let copy = CopyToContainer(daemon: daemon, name: name, takesUser: archive)
            count = try copy.run(path, to: target, followLink: followLink)
        case (.container, .container): throw CopyFailure("copying between containers is not supported")
        case (.host, .host): throw CopyFailure("must specify at least one container source")
        }
        if !quiet { Output.error("Successfully copied \(Self.size(count)) to \(destination)") }
    }

    /// Runs it to the end of this process, with errors as people know them from `docker cp`.
    static func run(_ arguments: [String]) -> Never {
        // A daemon that refuses, and reads no further, says why; the signal would say nothing.
        signal(SIGPIPE, SIG_IGN)
        do {
            let command = try parse(arguments)
            do { try command.run() } catch {
                Output.error("\(error)")
                exit(withError: ExitCode.failure)
            }
            exit(withError: ExitCode.success)
        } catch { exit(withError: error) }
    }

    private enum Place {
        case container(name: String, path: String)
        case host(String)
    }

    /// As Docker: what begins with `/` or `.` is this host's.
    private static func place(_ text: String) -> Place {
        guard let colon = text.firstIndex(of: ":"), !text.hasPrefix("/"), !text.hasPrefix("."), text.first != ":" else {
            return .host(text)
        }
        let path = String(text[text.index(after: colon)...])
        return .container(name: String(text[..<colon]), path: path.hasPrefix("/") ? path : "/" + path)
    }

    /// `2.05kB`.
    private static func size(_ bytes: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(bytes), 0)
        while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        var text = [CChar](repeating: 0, count: 32)
        let count = withVaList([value]) { vsnprintf(&text, text.count, "%.3g", $0) }
        return String(decoding: text.prefix(Int(max(0, count))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            + units[unit]
    }
}

/// Why nothing, or not all, was copied.
struct CopyFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
