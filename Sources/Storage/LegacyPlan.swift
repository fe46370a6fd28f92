import Archive
import Hashing
import OCI

// Archives from before Docker 1.10: no manifest.json, only `repositories` = `{"name":{"tag":"<layer id>"}}`, and for each
// layer a folder with `json` (a whole configuration, naming its parent) and `layer.tar`. The image's configuration is
// made from the top layer's, as Docker's migration made it.
extension ArchivePlanner {
    private struct V1Layer: Decodable {
        var parent: String?
        var created: Timestamp?
        var author: String?
        var comment: String?
        var throwaway: Bool?
        var containerConfig: ContainerConfig?
        enum CodingKeys: String, CodingKey {
            case parent, created, author, comment, throwaway
            case containerConfig = "container_config"
        }
    }

    func planLegacy(_ repositories: Spool.Member) throws -> [PlannedImage] {
        var references: [String: [Reference]] = [:]
        for (name, tags) in try decode([String: [String: String]].self, repositories) {
            for (tag, layer) in tags {
                do throws(ReferenceError) {
                    references[layer, default: []].append(try Reference("\(name):\(tag)"))
                } catch {
                    throw bad(repositories.name, "invalid tag \"\(name):\(tag)\": \(error)")
                }
            }
        }
        return try references.sorted { $0.key < $1.key }.map { try planLegacy(top: $0.key, $0.value) }
    }

    private func planLegacy(top: String, _ references: [Reference]) throws -> PlannedImage {
        var history: [ImageHistory] = []
        var layers: [PlannedLayer] = []
        var next: String? = top
        while let id = next {
            guard layers.count < Layer.deepest else { throw StorageError.tooDeep(limit: Layer.deepest) }
            let layer = try decode(V1Layer.self, need("\(id)/json", by: "repositories"))
            let member = try need("\(id)/layer.tar", by: "\(id)/json")
            layers.append(PlannedLayer(member, of: spool, try diff(of: member), isBlob: false))
            history.append(Self.step(layer))
            next = layer.parent.flatMap { $0.isEmpty ? nil : $0 }
        }
        layers.reverse()
        history.reverse()
        var config = try decode(ImageConfig.self, need("\(top)/json", by: "repositories"))
        if config.os.isEmpty { config.os = "linux" }
        config.rootfs = RootFS(diffIDs: layers.map(\.diff))
        config.history = history
        return PlannedImage(config: try JSON.encode(config), layers: layers, references: references)
    }

    private static func step(_ layer: V1Layer) -> ImageHistory {
        var step = ImageHistory()
        step.created = layer.created
        step.createdBy = layer.containerConfig?.cmd?.joined(separator: " ") ?? ""
        step.author = layer.author ?? ""
        step.comment = layer.comment ?? ""
        // A throwaway layer still has a tar, and so stays one.
        step.emptyLayer = false
        return step
    }

    /// Nothing in such an archive says what a layer's digest is: it is what it is.
    private func diff(of member: Spool.Member) throws -> DiffID {
        let hashing = HashingSource(try Decompressor(spool.source(of: member), limits: limits))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while try hashing.read(into: buffer) > 0 {}
        return DiffID(hashing.digest)
    }
}
