package import OCI
import Synchronization

/// What images take on disk.
package struct LayerUsage: Sendable {
    /// Bytes of all layers, each once.
    package var total: Int64 = 0
    /// Of each image, the bytes of layers that other images have, too.
    package var shared: [ImageID: Int64] = [:]
}

extension Store {
    /// What images take, and what of that they share.
    package func layerUsage() -> LayerUsage {
        let tops = imageDatabase.state.withLock { $0.mapValues(\.top) }
        let chains = tops.mapValues { layers.chain(to: $0) }
        var users: [ChainID: Int] = [:]
        for layer in chains.values.joined() { users[layer.chain, default: 0] += 1 }
        var usage = LayerUsage()
        usage.total = layers.all.reduce(0) { $0 + $1.size }
        usage.shared = chains.mapValues { chain in
            chain.reduce(0) { $0 + (users[$1.chain, default: 0] > 1 ? $1.size : 0) }
        }
        return usage
    }
}
