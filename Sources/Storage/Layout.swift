import Glibc
import GraphDrivers
import Linux
import OCI
import SystemPackage

/// Where things are in a data root.
///
///     <root>/                              0710
///       image/<driver>/                    0700
///         repositories.json                0600
///         distribution/                    0700
///         imagedb/content/sha256/<image>   0700, files 0600
///         imagedb/metadata/sha256/<image>/{parent,lastUpdated}
///         layerdb/                         0700
///           sha256/<chain>/{cache-id,diff,parent,size,tar-split.json.gz}
///           mounts/<name>/{mount-id,init-id,parent}
///           tmp/write-set-varve-<driver's layer>/  a layer or mount that is being made: our journal
///           tmp/remove-varve-<driver's layer>/     a mount that is being removed
///       tmp/                               0700
///       varve/                             0700: all that Docker does not know
///         lock                             who owns the data root
///         unsynced/<driver>/<mount>.<driver's layer>  a container's, perhaps not on the disk yet
///         unclaimed/<driver>/<chain>       of an image that is not there yet, or not any more
///         quarantine/<driver>/…            what was found damaged and was in the way
struct Layout: Sendable {
    let root: FilePath
    /// The driver's name, which is a folder's name, or several.
    let driver: String

    private var image: FilePath { root.appending("image").appending(FilePath(driver).components) }
    var repositories: FilePath { image.appending("repositories.json") }
    var distribution: FilePath { image.appending("distribution") }
    var imageContent: FilePath { image.appending("imagedb/content/sha256") }
    var imageMetadata: FilePath { image.appending("imagedb/metadata/sha256") }
    var layers: FilePath { image.appending("layerdb/sha256") }
    var mounts: FilePath { image.appending("layerdb/mounts") }
    var journal: FilePath { image.appending("layerdb/tmp") }
    var temporary: FilePath { root.appending("tmp") }
    var driverHome: FilePath { root.appending(FilePath(driver).components) }

    private var own: FilePath { Self.own(root) }
    private static func own(_ root: FilePath) -> FilePath { root.appending("varve") }
    var unsynced: FilePath { own.appending("unsynced").appending(FilePath(driver).components) }
    var unclaimed: FilePath { own.appending("unclaimed").appending(FilePath(driver).components) }
    var quarantine: FilePath { own.appending("quarantine").appending(FilePath(driver).components) }

    func layer(_ chain: ChainID) -> FilePath { layers.appending(chain.hex) }
    func mount(_ name: String) -> FilePath { mounts.appending(name) }
    func content(_ image: ImageID) -> FilePath { imageContent.appending(image.hex) }
    func metadata(_ image: ImageID) -> FilePath { imageMetadata.appending(image.hex) }

    /// What a layer's or mount's journal folders begin with. The rest is the name of the driver's layer, or of a
    /// container's upper one: when the power goes, a name is on the disk before any file's bytes are.
    static let writeSet = "write-set-varve-"
    static let removal = "remove-varve-"

    /// The journal's folder for what is being made.
    func writeSet(_ id: LayerID) -> FilePath { journal.appending("\(Self.writeSet)\(id)") }
    /// The journal's folder for what is being removed.
    func removal(_ id: LayerID) -> FilePath { journal.appending("\(Self.removal)\(id)") }
    /// The driver's layer that a journal's folder is about, if it is one of ours.
    static func journalled(_ name: String) -> LayerID? {
        let prefix = [writeSet, removal].first { name.hasPrefix($0) }
        return prefix.flatMap { LayerID(String(name.dropFirst($0.utf8.count))) }
    }
    /// What Docker's layer store appends to a layer's folder before it deletes it, after random hex digits.
    static let removing = "-removing"

    /// Makes the root, and takes it for this process; `StorageError.locked` names who has it.
    static func lock(_ root: FilePath) throws -> FileLock {
        try makeFolders(root, mode: FilePermissions(rawValue: 0o710))
        try makeFolders(own(root), mode: FilePermissions(rawValue: 0o700))
        do { return try FileLock(own(root).appending("lock")) } catch let error as FileLock.Held {
            throw StorageError.locked(root: root.string, holder: error.holder)
        }
    }

    /// Lets it go where nothing came of it: a root without any data is left as it was.
    static func leave(_ root: FilePath, _ lock: consuming FileLock) {
        // What stays is a lock that nobody holds.
        guard (try? listFolder(own(root))) == ["lock"], (try? lock.delete()) != nil else { return }
        rmdir(own(root).string)
    }

    /// Makes all the other folders that are not there yet.
    func prepare() throws {
        let closed = [
            root.appending("image"), image, image.appending("layerdb"), image.appending("imagedb"),
            image.appending("imagedb/content"), imageContent, image.appending("imagedb/metadata"), imageMetadata,
            distribution, temporary, unsynced, unclaimed, quarantine,
        ]
        for folder in closed { try Self.make(folder, 0o700) }
        for folder in [layers, mounts, journal] { try Self.make(folder, 0o755) }
    }

    private static func make(_ folder: FilePath, _ mode: CInterop.Mode) throws {
        if !isFolder(folder) { try makeFolders(folder, mode: FilePermissions(rawValue: mode)) }
    }

    /// Moves `path`, damaged and in the way, aside; returns where it is now.
    func quarantine(_ path: FilePath) throws -> FilePath {
        let name = path.lastComponent?.string ?? "object"
        let aside = quarantine.appending("\(name)-\(randomHex(bytes: 4))")
        try rename(path, to: aside)
        return aside
    }
}
