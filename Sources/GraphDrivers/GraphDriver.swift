public import Archive
public import Linux
public import SystemPackage

/// How a layer, joined with its parents, becomes one tree: it already is a folder, or these mounts make it one.
public enum LayerView: Sendable, Equatable {
    /// The tree is this folder.
    case folder(FilePath)
    /// The tree appears where these mounts are made, in this order; targets are relative to that place.
    case mounts([Mount])
}

/// Keeps layers on disk, and shows each one joined with its parents.
public protocol GraphDriver: Sendable {
    /// What users type after `--storage-driver`.
    static var name: String { get }
    /// Opens `home`, laying it out at first. Throws `DriverError.unsupported` where this host can't run it.
    init(home: FilePath, options: DriverOptions) throws
    /// Makes an empty layer on top of `parent`. Docker: `Create`, `CreateReadWrite`.
    func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws
    /// Deletes a layer that has no children and that nobody has open; a layer that is not there is no error.
    func remove(_ id: LayerID) throws
    /// Whether the layer is known. Docker: `Exists`.
    func contains(_ id: LayerID) -> Bool
    /// Says how to see the layer joined with its parents. Docker: `Get`.
    func open(_ id: LayerID) throws -> LayerView
    /// Ends what `open` began. Docker: `Put`.
    func close(_ id: LayerID) throws

    /// What is different in `id` since `parent` (nil: everything), sorted by path.
    func changes(in id: LayerID, since parent: LayerID?) throws -> [Change]
    /// Writes those changes as a layer tar with AUFS whiteouts (`.wh.x`, `.wh..wh..opq`).
    func diff(of id: LayerID, since parent: LayerID?, to sink: any ByteSink) throws
    /// Unpacks an uncompressed layer tar into `id`, just created on `parent`; returns the bytes it took.
    func apply(_ tar: any ByteSource, to id: LayerID, parent: LayerID?, limits: ArchiveLimits) throws -> Int64
    /// Bytes that `id` takes since `parent`.
    func size(of id: LayerID, since parent: LayerID?) throws -> Int64
    /// What `docker inspect` shows under `GraphDriver.Data`.
    func metadata(of id: LayerID) throws -> [String: String]
    /// What `docker info` shows below the driver's name, in order.
    var status: [(key: String, value: String)] { get }
    /// Which optional promises this driver makes on this host.
    var capabilities: Capabilities { get }
}
