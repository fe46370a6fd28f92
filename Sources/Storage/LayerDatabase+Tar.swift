import Archive
import GraphDrivers
import Linux
import OCI
import SystemPackage

extension LayerDatabase {
    /// Writes the layer's tar, byte for byte as it came in.
    func writeTar(of layer: Layer, to sink: any ByteSink) throws {
        if isKeptByDriver(layer) {
            let parent = layer.parent.flatMap { self.layer($0)?.cacheID }
            return try driver.diff(of: layer.cacheID, since: parent, to: sink)
        }
        let record = try FileSource(opening: record(of: layer))
        let view = try driver.open(layer.cacheID)
        defer {
            // Nothing hangs on it: the layer is read-only.
            try? driver.close(layer.cacheID)
        }
        try withTree(view, at: nil) { root in
            try assembleTar(record: GunzipSource(record), root: root, to: sink)
        }
    }

    /// Whether the driver gives the same tar back, so that there is no record of it: dockerd keeps none then, either.
    func isKeptByDriver(_ layer: Layer) -> Bool {
        driver.capabilities.contains(.sameTars) && !exists(record(of: layer))
    }

    func record(of layer: Layer) -> FilePath { layout.layer(layer.chain).appending("tar-split.json.gz") }
}
