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
///
/// This page is all that the author of a driver reads. A driver is a value: it knows its home, and everything else is on
/// disk. Six functions make one; what follows them has defaults that compare trees. This one is complete:
///
/// ```swift
/// struct Plain: GraphDriver {                                     // every layer a whole tree
///     static let name = "plain"
///     let home: FilePath
///     init(home: FilePath, options: DriverOptions) throws {
///         for (key, _) in options.values { throw DriverError.unknownOption(driver: Self.name, key: key) }
///         try makeFolders(home, mode: FilePermissions(rawValue: 0o710))
///         self.home = home
///     }
///     func create(_ id: LayerID, parent: LayerID?, options: LayerOptions) throws {
///         if contains(id) { throw DriverError.layerExists(driver: Self.name, id) }
///         let aside = home.appending(".\(id).new")
///         try removeTree(aside)                                    // what a killed create left
///         try sys("make \(aside)") { mkdir(aside.string, 0o755) }
///         if let parent { try copyTree(home.appending(parent.description), to: aside) }
///         try sys("rename \(aside)") { rename(aside.string, home.appending(id.description).string) }
///     }
///     func remove(_ id: LayerID) throws {
///         for name in [".\(id).new", id.description] { try removeTree(home.appending(name)) }
///     }
///     func contains(_ id: LayerID) -> Bool { isFolder(home.appending(id.description)) }
///     func open(_ id: LayerID) throws -> LayerView { .folder(home.appending(id.description)) }
/// }
/// ```
///
/// **Who calls.** One `Store` in one process, on threads that may block. Calls for different layers come at once; for one
/// layer never two of `create`, `apply` and `remove` together. A driver needs no locks of its own for that.
///
/// **A layer's life.** `create`, then either `apply` once (a layer of an image: from then on it does not change) or `open`
/// and writes through the view (a container's), then `remove`. A layer gets children only when its own content is final,
/// and is removed only when it has none. IDs come from the store and are never used for another layer while one lives.
///
/// **Views.** `open` says what to mount and mounts nothing: the store mounts, where and in which namespace it likes,
/// and counts who looks. Calls of `open` and `close` come in pairs, and several may have a layer open at once (`ViewCount`
/// counts, for a driver that must know the last); all get equal views. A surplus `close` is harmless. After a restart
/// the store calls `close` for every layer that no running container has: so it ends what a killed process had open.
/// A layer that was applied, or that has children, need not be writable through its view; one that a container has must be.
///
/// **Crashes.** A kill may come between any two instructions. The store writes a layer's ID into its journal before
/// `create` and before `remove`, and after a restart calls `remove` for each ID it finds there. So `remove` deletes
/// whatever any half of a `create`, `apply` or `remove` left, does not mind what is missing, and is idempotent; and
/// `contains` is false for half a layer, or `open` and `remove` work on it. Build aside and rename in: a rename is whole or
/// not done. Nothing needs to be flushed: the store does that, for all drivers, when a layer is registered.
///
/// **Errors.** A call that throws leaves nothing, except `apply`: its layer is removed by the caller. `init` throws
/// `DriverError.unsupported` where this host or file system can't run the driver, so that another can be chosen, and
/// anything else for a mistake of the user's. Say what was asked, of which layer, why it failed, and what to do.
///
/// **Layout.** A home holds the driver's files only, so a driver that shares its layout with another engine leaves nothing
/// there which that engine would take for a layer. Names that begin with a dot can't be layers' IDs.
///
/// **The host.** What a driver takes of the host beside its home (loop devices, a pool) is back after `release`, which the
/// store calls at its end. Where containers run on, that waits: `release` leaves alone what an open layer needs.
///
/// **Proof.** `Check.all` in DriverChecks holds a driver to all of this: eight lines of test, or `varve driver check`.
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

    /// The driver's name as users see it: `Self.name`, but for a driver that stands for others.
    var name: String { get }
    /// Gives back what the driver took of the host, but for what open layers need; nothing else may be called
    /// afterwards.
    func release() throws

    /// What is different in `id` since `parent` (nil: everything), sorted by path.
    func changes(in id: LayerID, since parent: LayerID?) throws -> [Change]
    /// Writes those changes as a layer tar with AUFS whiteouts (`.wh.x`, `.wh..wh..opq`).
    func diff(of id: LayerID, since parent: LayerID?, to sink: any ByteSink) throws
    /// Unpacks an uncompressed layer tar into `id`, just created on `parent`; returns the bytes of its files.
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
