import OCI
import Storage

/// An OCI archive made in the test: one image, behind indexes that also name images for other platforms.
struct OCIArchive {
    let bytes: [UInt8]

    /// `depth` is the number of indexes between `index.json` and the manifest.
    init(_ image: TestImage, name: String = "", depth: Int = 0, packed: [[UInt8]]? = nil) {
        var tar = TestTar()
        tar.add("oci-layout", #"{"imageLayoutVersion":"1.0.0"}"#)
        func blob(_ content: [UInt8], _ type: String, _ extra: String = "") -> String {
            let digest = sha256(content)
            tar.add("blobs/sha256/\(digest.hex)", content)
            return
                #"{"mediaType":"application/vnd.oci.image.\#(type)","digest":"\#(digest)","size":\#(content.count)\#(extra)}"#
        }
        let layers = (packed ?? image.layers).map { blob($0, "layer.v1.tar") }
        let config = blob(image.config, "config.v1+json")
        let manifest = #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layers.joined(separator: ","))]}"#
        let platform = #","platform":{"architecture":"\#(Platform.host.architecture)","os":"linux"}"#
        // Its blob is not in the archive: nobody may look for it.
        let foreign =
            #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:\#(String(repeating: "a", count: 64))","#
            + #""size":7,"platform":{"architecture":"s390x","os":"linux"}}"#
        var top = blob(Array(manifest.utf8), "manifest.v1+json", depth == 0 ? "" : platform)
        for _ in 0..<depth {
            top = blob(Array(#"{"schemaVersion":2,"manifests":[\#(foreign),\#(top)]}"#.utf8), "index.v1+json")
        }
        if !name.isEmpty {
            top = top.dropLast() + #","annotations":{"io.containerd.image.name":"\#(name)"}}"#
        }
        tar.add("index.json", #"{"schemaVersion":2,"manifests":[\#(top)]}"#)
        bytes = tar.finished
    }
}
