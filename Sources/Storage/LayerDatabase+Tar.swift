import Archive
import GraphDrivers
import OCI
import SystemPackage

extension LayerDatabase {
    /// Writes the layer's tar, byte for byte as it came in.
    func writeTar(of layer: Layer, to sink: any ByteSink) throws {
        let record = try FileSource(opening: layout.layer(layer.chain).appending("tar-split.json.gz"))
        let view = try driver.open(layer.cacheID)
        defer {
            // Nothing hangs on it: the layer is read-only.
            try? driver.close(layer.cacheID)
        }
        try withTree(view, at: nil) { root in
            try assembleTar(record: GunzipSource(record), root: root, to: sink)
        }
    }
}
