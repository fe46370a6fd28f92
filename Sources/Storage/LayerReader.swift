import GraphDrivers
import Linux
import OCI
import SystemPackage

/// Reads the layers' folders, parents first, and says of each that can't be used why.
struct LayerReader {
    let layout: Layout
    let driver: any GraphDriver
    private(set) var layers: [ChainID: Layer] = [:]
    /// Bytes that no layer has: sums of sizes must not overflow.
    private static let largest: Int64 = 1 << 50
    private(set) var damages: [Damage] = []

    init(layout: Layout, driver: any GraphDriver) {
        self.layout = layout
        self.driver = driver
    }

    /// What a folder says, before it is known whether its parent is there.
    private struct Entry {
        let chain: ChainID
        let diff: DiffID
        let parent: ChainID?
        let cacheID: LayerID
        let size: Int64
    }

    /// Reads all folders named like a chain; others are nobody's business.
    mutating func readAll() throws {
        var waiting: [ChainID: [Entry]] = [:]
        var bottoms: [Entry] = []
        let chains = try listFolder(layout.layers, asOnDisk: true).compactMap { Digest(hex: $0).map { ChainID($0) } }
        let found = try mapInParallel(chains) { [layout, driver] chain in Self.read(chain, layout, driver) }
        for (chain, result) in zip(chains, found) {
            switch result {
            case .success(let entry):
                if let parent = entry.parent {
                    waiting[parent, default: []].append(entry)
                } else {
                    bottoms.append(entry)
                }
            case .failure(let error): refuse(chain, error.reason)
            }
        }
        var ready = bottoms
        while let entry = ready.popLast() {
            add(entry)
            ready += waiting.removeValue(forKey: entry.chain) ?? []
        }
        for entry in waiting.values.joined() {
            refuse(entry.chain, "the layer below it, \(entry.parent?.short ?? ""), is missing or damaged")
        }
    }

    private struct Unusable: Error { let reason: String }

    private static func read(
        _ chain: ChainID,
        _ layout: Layout,
        _ driver: any GraphDriver
    ) -> Result<Entry, Unusable> {
        Result { () throws(Unusable) in try entry(chain, layout, driver) }
    }

    private static func entry(
        _ chain: ChainID,
        _ layout: Layout,
        _ driver: any GraphDriver
    ) throws(Unusable) -> Entry {
        let folder = layout.layer(chain)
        guard let cache = text(folder.appending("cache-id")), let cacheID = LayerID(cache) else {
            throw Unusable(reason: "its file cache-id is missing or damaged")
        }
        guard let diff = text(folder.appending("diff")).flatMap({ DiffID($0) }) else {
            throw Unusable(reason: "its file diff is missing or damaged")
        }
        guard let size = text(folder.appending("size")).flatMap({ Int64($0) }), 0...largest ~= size else {
            throw Unusable(reason: "its file size is missing or damaged")
        }
        let parentText = text(folder.appending("parent"))
        let parent = parentText.flatMap { ChainID($0) }
        guard parentText == nil || parent != nil else { throw Unusable(reason: "its file parent is damaged") }
        // A cycle can't have the right names either: each name is the digest of the one below.
        guard ChainID(diff, on: parent) == chain else {
            throw Unusable(reason: "its name is not the digest of its files parent and diff")
        }
        guard driver.contains(cacheID) else {
            throw Unusable(reason: "the storage driver has no layer \(cacheID)")
        }
        return Entry(chain: chain, diff: diff, parent: parent, cacheID: cacheID, size: size)
    }

    private mutating func add(_ entry: Entry) {
        let depth = (entry.parent.flatMap { layers[$0]?.depth } ?? 0) + 1
        layers[entry.chain] = Layer(
            chain: entry.chain,
            diff: entry.diff,
            parent: entry.parent,
            cacheID: entry.cacheID,
            size: entry.size,
            depth: depth
        )
    }

    private mutating func refuse(_ chain: ChainID, _ reason: String) {
        damages.append(Damage(object: "layer \(chain)", reason: reason, remedy: "load or pull its image again"))
    }

    /// A small file's text without the white space around it; nil if it can't be read or is empty.
    static func text(_ path: FilePath) -> String? {
        // Why it can't be read is of no use: it is damaged either way.
        guard let bytes = try? readFile(path, limit: 4096) else { return nil }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
        let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
    }
}
