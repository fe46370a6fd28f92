public import GraphDrivers
public import SystemPackage

extension Remote {
    /// The plug-in that listens at `socket`, beside the drivers that are built in.
    ///
    /// Its name, and so that of its home, is `name`, or the socket's file name without `.sock`.
    public static func kind(socket: FilePath, name: String? = nil) -> DriverKind {
        kind(name ?? socket.stem ?? "plugin", at: PluginAddress(socket: socket))
    }

    /// The plug-in of that name, if there is one. Throws where it is found, but can't be asked.
    ///
    /// One that is only `examined` is asked whether it is a graph driver, and is told nothing: another daemon may use it.
    package static func kind(
        named name: String,
        in folders: PluginFolders = PluginFolders(),
        examined: Bool = false
    ) throws -> DriverKind? {
        try folders.find(name).map { kind(name, at: $0, examined: examined) }
    }

    private static func kind(_ name: String, at address: PluginAddress, examined: Bool = false) -> DriverKind {
        DriverKind(name: name) { try Remote(name, at: address, home: $0, options: $1, examined: examined) }
    }
}
