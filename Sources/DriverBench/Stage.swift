import Glibc
import GraphDrivers
import Linux
import SystemPackage

/// One target while it is measured: its driver on a scratch home, images made for it, containers' layers.
///
/// Used by one thread, but for `life` and what `AtOnce` says.
package final class Stage {
    let target: Target
    let driver: any GraphDriver
    let scale: Scale
    /// The target's scratch folder.
    let folder: FilePath
    let tars: Tars
    /// Called between layers: throws when there is no time for more.
    var checkTime: () throws -> Void = {}
    private var images: [Recipe: [LayerID]] = [:]
    private var order: [Recipe] = []
    private var containers: [LayerID: Container] = [:]
    private var count = 0

    init(_ target: Target, folder: FilePath, scale: Scale, tars: Tars) throws {
        (self.target, self.folder, self.scale, self.tars) = (target, folder, scale, tars)
        try makeFolders(folder.appending("mnt"), mode: FilePermissions(rawValue: 0o755))
        driver = try target.kind.open(
            home: folder.appending(target.kind.name),
            options: DriverOptions(parsing: target.options)
        )
    }

    /// The driver's own folder.
    var home: FilePath { folder.appending(target.kind.name) }

    /// A name that no layer had.
    func newID() throws -> LayerID {
        count += 1
        let number = String(count, radix: 16)
        guard let id = LayerID(String(repeating: "0", count: 64 - number.utf8.count) + number) else {
            throw SystemError("name layer \(count)", .invalidArgument)
        }
        return id
    }

    /// The layers of an image, the lowest first; made when it is first asked for, and kept.
    func layers(of recipe: Recipe) throws -> [LayerID] {
        if let made = images[recipe] { return made }
        let made = try unpack(tars.layers(of: recipe, scale))
        images[recipe] = made
        order.append(recipe)
        try settle()
        return made
    }

    /// The top layer of an image.
    func image(_ recipe: Recipe) throws -> LayerID? { try layers(of: recipe).last }

    /// Makes an image of layer tars, the lowest first; if that fails nothing of it stays.
    func unpack(_ layers: [FilePath]) throws -> [LayerID] {
        var made: [LayerID] = []
        do {
            for tar in layers {
                try checkTime()
                let id = try newID()
                try driver.create(id, parent: made.last, options: LayerOptions())
                made.append(id)
                let parent = made.dropLast().last
                _ = try driver.apply(tars.open(tar), to: id, parent: parent, limits: Tars.limits)
            }
        } catch {
            try? removeLayers(made)  // the first error is the one to report
            throw error
        }
        return made
    }

    /// Removes layers that were made in this order.
    func removeLayers(_ layers: [LayerID]) throws { for id in layers.reversed() { try driver.remove(id) } }

    /// A container's layer, shown at a folder; `writes`: something will be written to what is below.
    func container(on image: LayerID?, writes: Bool = true) throws -> Container {
        let id = try newID()
        try driver.create(id, parent: image, options: LayerOptions(isWritable: true))
        do {
            if writes, let plain = driver as? Plain { try plain.makeOwn(id) }
            let view = try driver.open(id)
            do {
                let container = try Container(id, view, at: folder.appending("mnt/\(id)"))
                containers[id] = container
                return container
            } catch {
                try? driver.close(id)  // the first error is the one to report
                throw error
            }
        } catch {
            try? driver.remove(id)  // as above
            throw error
        }
    }

    /// Takes a container's layer away; of one that is gone nothing.
    func remove(_ container: Container) throws {
        try hide(container)
        try driver.remove(container.id)
    }

    /// Ends a container, and leaves its layer.
    func hide(_ container: Container) throws {
        guard containers.removeValue(forKey: container.id) != nil else { return }
        try container.hide()
        try driver.close(container.id)
    }

    /// Removes what a workload that failed left.
    func removeContainers() {
        for container in containers.values { try? remove(container) }  // the workload's error is the one to report
    }

    /// What was written is on the disk: the next round does not pay for it.
    func settle() throws { try syncFileSystem(of: folder) }

    /// Nothing of this or any other file system is in the kernel's caches.
    func dropCaches() throws {
        try settle()
        let file = OwnedDescriptor(
            try sys("drop caches") { open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC) }
        )
        try sys("drop caches") { write(file.rawValue, "3", 1) }
    }

    /// Removes all layers and gives back what the driver has of the host.
    func close() throws {
        removeContainers()
        var failure: (any Error)?
        for recipe in order.reversed() {
            do { try removeLayers(images[recipe] ?? []) } catch { failure = failure ?? error }
        }
        images = [:]
        // Whatever stays on the disk, the host gets back what the driver took of it.
        do { try driver.release() } catch { failure = failure ?? error }
        if let failure { throw failure }
    }
}

/// A container's layer that can be seen at a folder.
final class Container {
    let id: LayerID
    /// Its tree.
    let tree: FilePath
    /// The tree's root, for calls with names below it; -1 when it is hidden.
    private(set) var root: CInt
    private let mounts: Int

    init(_ id: LayerID, _ view: LayerView, at folder: FilePath) throws {
        self.id = id
        switch view {
        case .folder(let path): (tree, mounts) = (path, 0)
        case .mounts(let list):
            try makeFolder(folder, 0o755)
            do { try mountTree(list, at: folder) } catch {
                rmdir(folder.string)
                throw error
            }
            (tree, mounts) = (folder, list.count)
        }
        root = -1
        do { root = try sys("open \(tree)") { open(tree.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } } catch {
            try? hide()  // the first error is the one to report
            throw error
        }
    }

    /// Takes the mounts away.
    func hide() throws {
        if root >= 0 { Glibc.close(root) }
        root = -1
        guard mounts > 0 else { return }
        // The lowest takes along what lies on it; nobody else sees these mounts.
        try unmount(tree, detach: mounts > 1)
        try sys("remove \(tree)") { rmdir(tree.string) }
    }
}
