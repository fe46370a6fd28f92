import Archive
import Hashing
import OCI
import Storage

/// An image made in the test, and the archives that hold it.
struct TestImage {
    let layers: [[UInt8]]
    let config: [UInt8]
    var tags: [String]

    var diffs: [DiffID] { layers.map { DiffID(sha256($0)) } }
    var id: ImageID { ImageID(sha256(config)) }

    init(_ layers: [[UInt8]], tags: [String] = ["test:1"], note: String = "", diffs: [String]? = nil) {
        self.layers = layers
        self.tags = tags
        let diffs = diffs ?? layers.map { "\(sha256($0))" }
        let list = diffs.map { "\"\($0)\"" }.joined(separator: ",")
        let steps =
            diffs.map { _ in #"{"created":"2024-01-01T00:00:00Z","created_by":"step"}"# } + [#"{"empty_layer":true}"#]
        config = Array(
            (#"{"architecture":"amd64","os":"linux","created":"2024-01-01T00:00:00Z","comment":"\#(note)","config":{"Cmd":["x"]},"#
                + #""rootfs":{"type":"layers","diff_ids":[\#(list)]},"history":[\#(steps.joined(separator: ","))]}"#)
                .utf8
        )
    }

    /// Three layers: files, a change on top, a deletion on top of that.
    static func sample(tags: [String] = ["test:1"], note: String = "") -> TestImage {
        var one = TestTar()
        one.folder("etc")
        one.add("etc/passwd", "root:x:0:0::/:/bin/sh\n")
        one.folder("dir", mode: 0o700)
        one.add("dir/a", "first")
        one.add("dir/hard", type: "1", link: "dir/a")
        one.add("link", type: "2", link: "/etc/passwd")
        var two = TestTar()
        two.add("dir/a", "second")
        two.add("big", [UInt8](repeating: 7, count: 100_000))
        var three = TestTar()
        three.add("dir/.wh.hard")
        three.add("etc/.wh..wh..opq")
        three.add("etc/group", "root:x:0:\n")
        return TestImage([one.finished, two.finished, three.finished], tags: tags, note: note)
    }

    /// As Docker 1.10 to 24 writes it, or with the table first.
    func dockerArchive(
        tableFirst: Bool = false,
        packed: [[UInt8]]? = nil,
        extra: (inout TestTar) -> Void = { _ in }
    ) -> [UInt8] {
        var tar = TestTar()
        let names = layers.indices.map { "layer\($0)/layer.tar" }
        let list = names.map { "\"\($0)\"" }.joined(separator: ",")
        let tagList = tags.map { "\"\($0)\"" }.joined(separator: ",")
        let table =
            #"[{"Config":"\#(id.hex).json","RepoTags":\#(tags.isEmpty ? "null" : "[\(tagList)]"),"Layers":[\#(list)]}]"#
        if tableFirst { tar.add("manifest.json", table) }
        tar.add("\(id.hex).json", config)
        for (name, layer) in zip(names, packed ?? layers) {
            tar.folder(String(name.dropLast(10)))
            tar.add(name, layer)
        }
        extra(&tar)
        if !tableFirst { tar.add("manifest.json", table) }
        return tar.finished
    }
}

func sha256(_ bytes: [UInt8]) -> Digest { Digest.of(bytes) }
