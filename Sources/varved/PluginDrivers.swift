import Glibc
import GraphDrivers
import Logging
import RemoteDriver
import SystemPackage

/// Storage drivers in other processes, beside those that are built in.
enum PluginDrivers {
    /// All there are to choose from where `name` is asked for: dockerd, too, looks for a plug-in only by its name.
    static func with(_ name: String?, in folders: PluginFolders, examined: Bool = false) throws -> [DriverKind] {
        guard let name, !drivers.contains(where: { $0.name == name }),
            let kind = try Remote.kind(named: name, in: folders, examined: examined)
        else { return drivers }
        return drivers + [kind]
    }

    /// Starts the program that is to be the driver, if one is; throws where it is not said what it is called.
    static func start(_ settings: Settings, _ log: Logger) throws -> PluginProgram? {
        guard let command = settings.driverCommand else { return nil }
        let name = requested(settings.driverByFlag, file: settings.driverByFile) ?? ""
        guard PluginFolders.isName(name), !drivers.contains(where: { $0.name == name }) else {
            throw StartFailure(
                "driver-command starts a plug-in, so storage-driver must name one, and none that is built in: "
                    + "give it as --storage-driver NAME, in letters and digits"
            )
        }
        let socket = folder(settings).appending("\(name).sock")
        return try PluginProgram(
            command,
            socket: socket,
            confine: ["/proc/self/exe", "driver", "confined"],
            log: { log.warning("\($0)", metadata: ["driver": "\(name)"]) }
        )
    }

    /// The daemon's own folder of plug-ins.
    private static func folder(_ settings: Settings) -> FilePath { settings.execRoot.appending("plugins") }

    /// What a daemon chooses from.
    static func choices(_ settings: Settings) throws -> [DriverKind] {
        let name = requested(settings.driverByFlag, file: settings.driverByFile)
        if settings.driverCommand != nil, let name {
            return drivers + [Remote.kind(socket: folder(settings).appending("\(name).sock"))]
        }
        let folders = PluginFolders(own: folder(settings))
        if let name { try waitFor(name, in: folders, settings.driverOptions) }
        return try with(name, in: folders)
    }

    /// Gives a plug-in that is asked for, and starts at the same time as the daemon, time to appear: dockerd does, too.
    private static func waitFor(_ name: String, in folders: PluginFolders, _ options: DriverOptions) throws {
        if drivers.contains(where: { $0.name == name }) { return }
        let patience = try RemoteOptions(options, of: name).patience
        let start = ContinuousClock.now
        var pause: UInt32 = 20_000
        while try folders.find(name) == nil, ContinuousClock.now - start < patience {
            usleep(pause)
            pause = min(pause * 2, 500_000)
        }
    }

    /// Which name is asked for, as `DriverChoice` finds out.
    static func requested(_ flag: String?, file: String?) -> String? {
        let environment = Host.driverEnvironment
        return [flag, environment["VARVE_DRIVER"], environment["DOCKER_DRIVER"], file]
            .lazy.compactMap { $0 }.first { !$0.isEmpty }
    }

    /// The driver that a command means: built in, a plug-in's name, or `plugin:` and the path of a socket.
    static func kind(_ text: String) throws -> DriverKind? {
        if text.hasPrefix("plugin:/") {
            let socket = FilePath(String(text.dropFirst("plugin:".count)))
            guard PluginFolders.isName(socket.stem ?? "") else { return nil }
            return Remote.kind(socket: socket)
        }
        return try drivers.first { $0.name == text } ?? Remote.kind(named: text)
    }

    /// Those that nobody asked for: they are shown, but never chosen.
    static func others(than name: String?, dataRoot: FilePath) -> [DriverDecision.Candidate] {
        let folders = PluginFolders()
        let kinds = folders.names.filter { found in found != name && !drivers.contains { $0.name == found } }
            .compactMap { try? Remote.kind(named: $0, in: folders, examined: true) }
        return DriverChoice.examine(
            kinds,
            dataRoot: dataRoot,
            requested: nil,
            environment: [:],
            options: DriverOptions([("remote.patience", "0"), ("remote.timeout", "5")])
        ).candidates
    }
}
