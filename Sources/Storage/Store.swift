package import Archive
package import GraphDrivers
import Linux
package import Logging
import OCI
package import SystemPackage

/// A data root: the images, and the containers' layers, that one driver keeps.
///
/// Synchronous and safe to call from any thread that may block. Locks are taken in this order, and none is held while
/// a layer is unpacked: images, references, layers.
package final class Store: Sendable {
    /// The data root.
    package let root: FilePath
    /// What keeps the layers.
    package let driver: any GraphDriver
    /// What was found damaged when the data root was opened.
    package let damages: [Damage]

    /// What an archive may ask for.
    package let limits: ArchiveLimits
    let log: Logger
    let layout: Layout
    let layers: LayerDatabase
    let imageDatabase: ImageDatabase
    let references: ReferenceStore
    let distribution: DistributionMetadata
    let views: MountViews
    let initLayers = InitLayers()
    let claims = LayerClaims()
    private let lock: FileLock

    /// Locks the data root (`StorageError.locked` names the holder), has the driver opened, cleans up after a crash, loads
    /// what is there.
    package init(
        root: FilePath,
        driver open: @autoclosure () throws -> any GraphDriver,
        limits: ArchiveLimits,
        log: Logger
    ) throws {
        // A driver that is opened mends its home: nobody else may have it open.
        let lock = try Layout.lock(root)
        let driver: any GraphDriver
        do { driver = try open() } catch {
            Layout.leave(root, lock)
            throw error
        }
        self.lock = lock
        let layout = Layout(root: root, driver: driver.name)
        try layout.prepare()
        (self.root, self.driver, self.limits, self.log, self.layout) = (root, driver, limits, log, layout)
        layers = LayerDatabase(
            layout: layout,
            driver: driver,
            limits: limits,
            young: try YoungMounts(layout: layout, log: log),
            log: log
        )
        imageDatabase = ImageDatabase(layout: layout, layers: layers, log: log)
        references = ReferenceStore(layout: layout, log: log)
        distribution = DistributionMetadata(folder: layout.distribution)
        views = MountViews(layers: layers)
        var damages = try layers.open()
        damages += try imageDatabase.open()
        damages += try references.open()
        self.damages = damages
        try layers.removeUnclaimed()
        for damage in damages { log.error("damaged", metadata: ["what": "\(damage)"]) }
    }

    /// Gives back what the driver took of the host; nothing may be called afterwards.
    package func close() {
        layers.young.close()
        do { try driver.release() } catch {
            log.warning("the driver keeps something of the host", metadata: ["error": "\(error)"])
        }
    }
}
