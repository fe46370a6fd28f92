public import SystemPackage

/// A storage driver by its name, and how to open it: a type that is built in, or a plug-in that was found.
public struct DriverKind: Sendable {
    /// What users type after `--storage-driver`, and what its home is called.
    public let name: String
    /// The driver's type, where it is built in.
    public let type: (any GraphDriver.Type)?
    private let opening: @Sendable (FilePath, DriverOptions) throws -> any GraphDriver

    /// A driver that is built in.
    public init(_ type: any GraphDriver.Type) {
        name = type.name
        self.type = type
        opening = { try type.init(home: $0, options: $1) }
    }

    /// A driver of which only this process knows how it is opened.
    public init(name: String, opening: @escaping @Sendable (FilePath, DriverOptions) throws -> any GraphDriver) {
        self.name = name
        type = nil
        self.opening = opening
    }

    /// Opens `home`, laying it out at first; throws as `GraphDriver.init` does.
    public func open(home: FilePath, options: DriverOptions) throws -> any GraphDriver { try opening(home, options) }
}
