import Archive
import GraphDrivers
import Linux
import Logging
import OCI
import Synchronization
import SystemPackage

/// `layerdb`: which layers there are, what they stand on, and who needs them.
///
/// A layer is needed by the layers on it, by the images whose top it is, by the containers on it, and by whoever leases
/// it meanwhile. When nobody needs it any more it is deleted, and perhaps its parent after it.
///
/// The lock is held for memory and for single renames, never while a driver works.
final class LayerDatabase: Sendable {
    struct State {
        var layers: [ChainID: Layer] = [:]
        /// How many need each layer; a layer without an entry is needed by nobody.
        var needs: [ChainID: Int] = [:]
        var mounts: [String: WritableLayer] = [:]
        /// Names of containers' layers that are being made or removed.
        var changing: Set<String> = []
    }

    let layout: Layout
    let driver: any GraphDriver
    let limits: ArchiveLimits
    let young: YoungMounts
    let log: Logger
    let state = Mutex(State())

    init(layout: Layout, driver: any GraphDriver, limits: ArchiveLimits, young: YoungMounts, log: Logger) {
        self.layout = layout
        self.driver = driver
        self.limits = limits
        self.young = young
        self.log = log
    }

    /// The layer, if it is there.
    func layer(_ chain: ChainID) -> Layer? { state.withLock { $0.layers[chain] } }

    /// All layers of images.
    var all: [Layer] { state.withLock { Array($0.layers.values) } }

    /// The layers from the bottom up to `chain`, if they are there.
    func chain(to top: ChainID?) -> [Layer] {
        state.withLock { state in
            var found: [Layer] = []
            var next = top.flatMap { state.layers[$0] }
            while let layer = next {
                found.append(layer)
                next = layer.parent.flatMap { state.layers[$0] }
            }
            return found.reversed()
        }
    }

    /// Bytes of the layers from the bottom up to `chain`.
    func size(upTo top: ChainID?) -> Int64 { chain(to: top).reduce(0) { $0 + $1.size } }

    /// Needs the layer from now on, if it is there: every lease ends with `release`.
    func lease(_ chain: ChainID) -> Layer? {
        state.withLock { state in
            guard let layer = state.layers[chain] else { return nil }
            state.needs[chain, default: 0] += 1
            return layer
        }
    }

    /// Needs the layer no more; deletes it, and those below it, if nobody else does.
    ///
    /// Returns what was deleted, top first.
    @discardableResult
    func release(_ chain: ChainID) -> [ChainID] {
        let doomed = state.withLock { takeUnneeded(from: chain, in: &$0) }
        for (layer, folder) in doomed { finishRemoval(of: layer.cacheID, folder: folder) }
        return doomed.map(\.0.chain)
    }

    /// Takes one need from the layer, and out of the maps and out of sight what nobody needs then.
    private func takeUnneeded(from chain: ChainID, in state: inout State) -> [(Layer, FilePath)] {
        var doomed: [(Layer, FilePath)] = []
        var next: ChainID? = chain
        while let chain = next, let layer = state.layers[chain] {
            let needs = (state.needs[chain] ?? 0) - 1
            state.needs[chain] = needs > 0 ? needs : nil
            if needs > 0 { break }
            let folder = layout.layers.appending("\(chain.hex)-\(randomHex(bytes: 32))\(Layout.removing)")
            do { try rename(layout.layer(chain), to: folder) } catch {
                log.warning("layer stays: its folder can't be renamed", metadata: ["error": "\(error)"])
                // The next start tries again, if there is room for the mark.
                try? disclaim(chain)
                break
            }
            claim(chain)
            state.layers[chain] = nil
            doomed.append((layer, folder))
            next = layer.parent
        }
        return doomed
    }

    /// Deletes the driver's layer, then the folder that still names it; what fails is tried again at the next start.
    func finishRemoval(of id: LayerID, folder: FilePath) {
        do {
            try driver.remove(id)
            try removeTree(folder)
        } catch {
            log.warning(
                "layer is not wholly deleted yet; the next start tries again",
                metadata: ["layer": "\(id)", "error": "\(error)"]
            )
        }
    }

    /// A driver's name for a layer that nobody has.
    static func newLayerID() -> LayerID {
        guard let id = LayerID(randomHex(bytes: 32)) else { fatalError("hex digits are a layer's name") }
        return id
    }
}
