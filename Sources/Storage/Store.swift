package import Archive
package import GraphDrivers
package import Logging
package import OCI
package import SystemPackage

/// A data root: the images, and the containers' layers, that one driver keeps.
///
/// Synchronous and safe to call from any thread that may block.
package final class Store: Sendable {
    /// The data root.
    package let root: FilePath
    /// What keeps the layers.
    package let driver: any GraphDriver

    /// Locks the data root (`StorageError.locked` names the holder), cleans up after a crash, loads what is there.
    package init(root: FilePath, driver: any GraphDriver, limits: ArchiveLimits, log: Logger) throws {
        self.root = root
        self.driver = driver
    }

    /// Lets the data root go; nothing may be called afterwards.
    package func close() { fatalError("not written yet") }
}

extension Store {
    package func images() -> [Image] { fatalError("not written yet") }
    package func image(named: String) throws -> Image { fatalError("not written yet") }
    package func tag(_ name: String, as: String) throws { fatalError("not written yet") }
    package func removeImage(
        _ name: String,
        force: Bool,
        prune: Bool,
        inUse: (ImageID) -> ImageUse
    ) throws -> [RemovedItem] { fatalError("not written yet") }
    package func load(_ archive: any ByteSource, progress: (LoadProgress) -> Void) throws -> [LoadedImage] {
        fatalError("not written yet")
    }
    package func save(_ names: [String], to: any ByteSink) throws { fatalError("not written yet") }
    package func importImage(
        _ tar: any ByteSource,
        config: ContainerConfig,
        reference: String?,
        message: String,
        progress: (LoadProgress) -> Void
    ) throws -> Image { fatalError("not written yet") }
    package func history(of: Image) -> [HistoryEntry] { fatalError("not written yet") }
}

extension Store {
    package func createMount(_ name: String, image: ImageID?, options: [String: String]) throws {
        fatalError("not written yet")
    }
    package func removeMount(_ name: String) throws { fatalError("not written yet") }
    package func mounts() -> [String] { fatalError("not written yet") }
    package func open(_ name: String) throws -> LayerView { fatalError("not written yet") }
    package func close(_ name: String) { fatalError("not written yet") }
    package func withRoot<T>(of name: String, _ body: (FilePath) throws -> T) throws -> T {
        fatalError("not written yet")
    }
    package func changes(in name: String) throws -> [Change] { fatalError("not written yet") }
    package func export(_ name: String, to: any ByteSink) throws { fatalError("not written yet") }
    package func size(of name: String) throws -> Int64 { fatalError("not written yet") }
    package func metadata(of name: String) -> [String: String] { fatalError("not written yet") }
    package func metadata(ofImage: ImageID) -> [String: String] { fatalError("not written yet") }
}
