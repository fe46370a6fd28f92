import ArgumentParser
import DriverKit
import GraphDrivers
import SystemPackage

/// The command `varved driver serve`.
struct DriverServe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Show a storage driver to another daemon, over Docker's plug-in protocol.",
        discussion: """
            dockerd uses it as `--experimental --storage-driver NAME` where the socket is /run/docker/plugins/NAME.sock, up
            to Docker 27. It must run in the daemon's mount namespace, before that starts and until it has ended. What is
            mounted for containers stays when it ends, and it goes on with it when it starts again.

            Examples:
              varve driver serve btrfs --socket /run/docker/plugins/varve-btrfs.sock
              varve driver serve overlay2 --socket /run/varve/plugins/fast.sock \\
                --root /mnt/nvme/layers
            """
    )

    @Argument(help: "The driver to show.")
    var name: String

    @Option(help: "The UNIX socket to listen on; the plug-in has its file's name, without .sock.")
    var socket: String

    @Option(help: "The folder that layers are kept in (default: what the client says).")
    var root: String?

    @Option(name: .customLong("storage-opt"), help: "An option of the driver, as key=value; may be repeated.")
    var storageOpt: [String] = []

    func run() throws {
        try Host.requireRoot()
        guard let kind = drivers.first(where: { $0.name == name }) else {
            let known = drivers.map(\.name).joined(separator: ", ")
            throw ValidationError("no driver '\(name)' is built in; there are \(known)")
        }
        let path = try Settings.absolute(socket, "socket")
        let root = try root.map { try Settings.absolute($0, "root") }
        try serve(kind, on: path, root: root, try DriverOptions(parsing: storageOpt))
    }
}
