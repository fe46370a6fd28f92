import Archive
import GraphDrivers
import Linux
import SystemPackage

/// What a check plays on: a driver with a fresh home.
struct Scene: Sendable {
    /// How the driver is opened.
    let kind: DriverKind
    let driver: any GraphDriver
    /// A folder of the check's own, on the file system that is tried.
    let folder: FilePath
    /// What the user said about the driver.
    let options: DriverOptions
    var home: FilePath { folder.appending("home") }

    init(_ kind: DriverKind, folder: FilePath, options: DriverOptions) throws {
        let driver = try kind.open(home: folder.appending("home"), options: options)
        self.init(kind: kind, driver: driver, folder: folder, options: options)
    }

    private init(kind: DriverKind, driver: any GraphDriver, folder: FilePath, options: DriverOptions) {
        self.kind = kind
        self.driver = driver
        self.folder = folder
        self.options = options
    }

    /// The same scene, played with another driver value: one on the same home, or on another.
    func with(_ driver: any GraphDriver) -> Scene {
        Scene(kind: kind, driver: driver, folder: folder, options: options)
    }

    /// The driver as the next start of the daemon would open it.
    func reopened() throws -> any GraphDriver { try kind.open(home: home, options: options) }

    /// The driver on another home, for a check that needs a second one.
    func other(home: FilePath) throws -> any GraphDriver { try kind.open(home: home, options: options) }

    /// Gives back what the driver took of the host; what could not be given back is found when the check ends.
    func release() { try? driver.release() }

    /// A layer's ID: 64 hex digits, from a short name.
    func id(_ name: String) throws -> LayerID {
        let hex = name.utf8.map { String($0, radix: 16) }.joined()
        let digits = String(repeating: "0", count: max(0, 64 - hex.count)) + hex
        guard let id = LayerID(digits) else { throw Broken(description: "\(digits) is no layer ID") }
        return id
    }

    /// Makes a layer and fills it through its view.
    @discardableResult
    func layer(
        _ name: String,
        on parent: LayerID? = nil,
        _ fill: (Tree) throws -> Void = { _ in }
    ) throws -> LayerID {
        let id = try id(name)
        try driver.create(id, parent: parent, options: LayerOptions(isWritable: true))
        try see(id, fill)
        return id
    }

    /// Shows a layer's tree.
    @discardableResult
    func see<T>(_ id: LayerID, _ body: (Tree) throws -> T) throws -> T {
        try driver.withTree(of: id) { try body(Tree(root: $0)) }
    }

    /// All that is in a layer's tree.
    func record(_ id: LayerID) throws -> TreeRecord { try see(id) { try TreeRecord($0.root) } }

    /// What `id` changed, as a layer tar.
    func tar(of id: LayerID, since parent: LayerID?) throws -> [UInt8] {
        let sink = BufferSink()
        try driver.diff(of: id, since: parent, to: sink)
        return sink.bytes
    }

    /// Makes a layer from a layer tar.
    @discardableResult
    func apply(_ tar: [UInt8], as name: String, on parent: LayerID?) throws -> (id: LayerID, size: Int64) {
        let id = try id(name)
        try driver.create(id, parent: parent, options: LayerOptions())
        let size = try driver.apply(BufferSource(tar), to: id, parent: parent, limits: ArchiveLimits())
        return (id, size)
    }

    /// All names in the home, to see what stays behind.
    func leftovers() throws -> [String] { try TreeRecord.names(below: home) }
}
