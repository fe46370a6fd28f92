// A driver in another process, over Docker's plug-in protocol. It keeps the layers, shows each as a folder below its
// home, and counts who looks; all that is here asks it, and believes little of what it says.

public import GraphDrivers
import HTTPClient
import Linux
import PluginProtocol
public import SystemPackage

/// A storage driver that runs in another process.
public struct Remote: GraphDriver {
    /// What it is called where it stands for none in particular.
    public static let name = "plugin"
    /// The plug-in's name.
    public var name: String { plugin.name }

    let plugin: Plugin
    private let home: FilePath
    /// Optional promises that Varve's own drivers keep here, too.
    public let capabilities: Capabilities

    /// Finds the plug-in that has the name of `home`, and has it open that folder.
    public init(home: FilePath, options: DriverOptions) throws {
        let name = home.lastComponent?.string ?? ""
        guard let address = try PluginFolders().find(name) else {
            throw DriverError.unsupported(driver: name, reason: "there is no such plug-in", remedy: "start it first")
        }
        try self.init(name, at: address, home: home, options: options)
    }

    /// Has the plug-in at `address` open `home`; where it is only `examined`, asks whether it is a graph driver.
    package init(
        _ name: String,
        at address: PluginAddress,
        home: FilePath,
        options: DriverOptions,
        examined: Bool = false
    ) throws {
        let options = try RemoteOptions(options, of: name)
        plugin = Plugin(name, at: address, home: home, options: options, examined: examined)
        self.home = home
        let known: Capabilities = [.independentApply, .quota, .quotaCoversImage, .exactChanges]
        let promises = try plugin.promises()
        var found = Capabilities(rawValue: promises.varve ?? 0).intersection(known)
        if promises.exactDiffs == true { found.insert(.sameTars) }
        capabilities = found
    }

    /// `Create`, or `CreateReadWrite` for a container's.
    public func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
        var request = request(id, parent)
        request.storageOptions = options.storage.isEmpty ? nil : options.storage
        _ = try plugin.ask(options.isWritable ? .createReadWrite : .create, request)
    }

    /// `Remove`.
    public func remove(_ id: LayerID) throws { _ = try plugin.ask(.remove, request(id)) }

    /// `Exists`.
    ///
    /// A plug-in that can't be asked may have it: nothing is to be cleaned up for that. Who opens the layer hears why not.
    public func contains(_ id: LayerID) -> Bool {
        do { return try plugin.ask(.exists, request(id)).exists ?? false } catch DriverError.noSuchLayer {
            return false
        } catch { return true }
    }

    /// `Get`.
    public func open(_ id: LayerID) throws -> LayerView {
        guard let folder = try plugin.ask(.get, request(id)).folder else {
            throw plugin.error(.get, id.description, .garbage("it names no folder"))
        }
        do { return .folder(try LayerFolder.resolve(folder, below: home)) } catch let stray as LayerFolder.Stray {
            try? close(id)  // the first error is the one to report
            throw plugin.error(.get, id.description, .strayFolder(folder, why: stray.why))
        }
    }

    /// `Put`.
    public func close(_ id: LayerID) throws { _ = try plugin.ask(.put, request(id)) }

    /// `Cleanup`.
    public func release() throws {
        if !plugin.isExamined { _ = try plugin.ask(.cleanup) }
    }

    /// `DiffSize`.
    public func size(of id: LayerID, since parent: LayerID?) throws -> Int64 {
        try checked(plugin.ask(.diffSize, request(id, parent)).size, .diffSize, id, most: .max)
    }

    /// `GetMetadata`.
    public func metadata(of id: LayerID) throws -> [String: String] {
        try plugin.ask(.metadata, request(id)).metadata ?? [:]
    }

    /// Where the plug-in is, then its `Status`.
    public var status: [(key: String, value: String)] {
        let place = (key: "Plug-in", value: plugin.address.description)
        if plugin.isExamined { return [place] }
        do {
            let lines = try plugin.ask(.status).status ?? []
            return [place] + lines.map { (key: $0.first ?? "", value: $0.dropFirst().first ?? "") }
        } catch {
            return [place, (key: "Error", value: "\(error)")]
        }
    }

    func request(_ id: LayerID, _ parent: LayerID? = nil) -> PluginRequest {
        PluginRequest(id: id.description, parent: parent?.description)
    }

    /// A size that can be one. Docker's own types leave out one of 0.
    func checked(_ size: Int64?, _ call: PluginCall, _ id: LayerID, most: Int64) throws -> Int64 {
        let size = size ?? 0
        guard (0...most).contains(size) else {
            throw plugin.error(call, id.description, .lie("it says that \(size) bytes were meant"))
        }
        return size
    }
}
