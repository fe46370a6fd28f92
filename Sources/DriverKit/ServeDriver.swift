import ArgumentParser
import DriverServer
import Glibc
import GraphDrivers
import Linux
import Logging
import SystemPackage

/// The verb `serve`: shows the driver over Docker's plug-in protocol, until a signal ends it.
struct ServeDriver<Driver: GraphDriver>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "serve",
            abstract: "Show the driver to a daemon, over Docker's plug-in protocol.",
            discussion: """
                Examples:
                  \(Driver.name) serve --socket /run/docker/plugins/\(Driver.name).sock
                  varved --storage-driver \(Driver.name)
                """
        )
    }

    @Option(help: "The UNIX socket to listen on; the plug-in has its file's name, without .sock.")
    var socket: String

    @Option(help: "The folder that layers are kept in (default: what the client says).")
    var root: String?

    @Option(name: .customLong("storage-opt"), help: "An option of the driver, as key=value; may be repeated.")
    var storageOpt: [String] = []

    func validate() throws {
        for path in [socket, root].compactMap({ $0 }) where !path.hasPrefix("/") {
            throw ValidationError("\(path) must be an absolute path: others look for it, too")
        }
    }

    func run() throws {
        let options = try DriverOptions(parsing: storageOpt)
        try serve(DriverKind(Driver.self), on: FilePath(socket), root: root.map { FilePath($0) }, options)
    }
}
