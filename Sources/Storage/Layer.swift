import GraphDrivers
import OCI

/// A layer of images: its place in the chain and the driver's name for it.
struct Layer: Sendable, Equatable {
    let chain: ChainID
    let diff: DiffID
    let parent: ChainID?
    /// The driver's layer.
    let cacheID: LayerID
    /// What the driver said the layer takes.
    let size: Int64
    /// 1 at the bottom.
    let depth: Int

    /// It as what another is made on.
    var base: LayerBase { LayerBase(chain: chain, cacheID: cacheID) }

    /// With the two of a container 129, which is what Docker's overlay2 mounts: the container's on 128 others.
    static let deepest = 127
}

/// A container's layer: what stands in `mounts/<name>/`.
struct WritableLayer: Sendable, Equatable {
    let name: String
    let mountID: LayerID
    /// The layer between image and container: hosts, hostname, … Nil if made without one.
    let initID: LayerID?
    let parent: ChainID?
    /// Whether the parent's layer counts it: not if that was damaged when the store was opened.
    let isCounted: Bool
}
