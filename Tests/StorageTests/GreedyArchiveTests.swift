import Archive
import Linux
import OCI
import Storage
import Testing

/// Archives that lie about sizes, break off, or are larger than they look.
@Suite struct GreedyArchiveTests {
    private func refused(_ archive: [UInt8], _ kept: (root: TestRoot, store: Store)) throws -> String {
        var message = ""
        do { _ = try kept.store.load(BufferSource(archive)) { _ in } } catch { message = "\(error)" }
        #expect(kept.store.images().isEmpty)
        #expect(try kept.root.problems(.overlay2) == [])
        #expect(try TestDriver.overlay2.layers(in: kept.root.path).isEmpty)
        return message
    }

    @Test("an archive that breaks off at any block, and within one")
    func truncated() throws {
        let kept = try TestRoot.kept { try $0.store(.overlay2) }
        let archive = TestImage.sample().dockerArchive()
        // Up to the table, without which it is no image.
        let table = try #require(archive.firstRange(of: Array("manifest.json".utf8))).lowerBound
        for length in stride(from: 1, to: table, by: 1024 + 511) {
            #expect(try !refused(Array(archive.prefix(length)), kept).isEmpty, "\(length) bytes")
        }
    }

    @Test("a layer that breaks off at any block")
    func truncatedLayer() throws {
        let kept = try TestRoot.kept { try $0.store(.overlay2) }
        let layer = TestImage.sample().layers[0]
        // With its true digest, so that only the tar itself can be wrong; one that lacks but its end blocks is whole.
        for length in stride(from: 100, to: layer.count - 1024, by: 256) where !length.isMultiple(of: 512) {
            let archive = TestImage([Array(layer.prefix(length))]).dockerArchive()
            #expect(try refused(archive, kept).contains("layer0/layer.tar"), "\(length) bytes")
        }
    }

    @Test("sizes that are lies", arguments: ["77777777777", "00000100000", "-0000000001", "zzzzzzzzzzz"])
    func lies(_ size: String) throws {
        let kept = try TestRoot.kept { try $0.store(.overlay2) }
        var inner = TestTar()
        inner.add("f", "content")
        let lying = relabelled(inner.finished, size)
        #expect(try !refused(TestImage([lying]).dockerArchive(), kept).isEmpty)
        // The archive's own member.
        #expect(try !refused(relabelled(TestImage.sample().dockerArchive(), size), kept).isEmpty)
    }

    /// The first member's size field set to `size`, with a right checksum.
    private func relabelled(_ tar: [UInt8], _ size: String) -> [UInt8] {
        var bytes = tar
        bytes.replaceSubrange(124..<135, with: size.utf8)
        bytes.replaceSubrange(148..<156, with: "        ".utf8)
        let sum = String(bytes[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
        bytes.replaceSubrange(
            148..<156,
            with: (String(repeating: "0", count: 6 - sum.utf8.count) + sum + "\u{0} ").utf8
        )
        return bytes
    }

    @Test("a descriptor that lies about its blob's size")
    func descriptor() throws {
        let kept = try TestRoot.kept { try $0.store(.overlay2) }
        var text = String(decoding: OCIArchive(TestImage.sample()).bytes, as: UTF8.self)
        let size = try #require(text.range(of: #""size":"#, from: #""manifests":["#))
        let digit = text[size.upperBound]
        text.replaceSubrange(size.upperBound...size.upperBound, with: digit == "9" ? "8" : "9")
        #expect(try refused(Array(text.utf8), kept).contains("blobs/sha256/"))
    }

    private static let gzip = program("gzip")

    @Test("10 GB of zeros in 10 MB", .enabled(if: gzip != nil, "no gzip"))
    func bomb() throws {
        let kept = try TestRoot.kept { try $0.store(.overlay2) }
        // Packed pieces in a row are one packed stream.
        let piece = try packed([UInt8](repeating: 0, count: 100_000_000), "gzip -9")
        var zeros: [UInt8] = []
        for _ in 0..<100 { zeros += piece }
        #expect(zeros.count < 11_000_000)
        let start = ContinuousClock.now
        // As the archive, which then is an empty tar, as a layer, and as one large file in each.
        #expect(try refused(zeros, kept).contains("holds no image"))
        let image = TestImage([zeros])
        #expect(try refused(image.dockerArchive(), kept).contains("expands to more than 500 times"))
        var large = TestTar()
        large.add("zeros", "")
        let file = try packed(relabelled(large.bytes, "77777777777"), "gzip -9") + zeros
        #expect(try refused(file, kept).contains("expands to more than 500 times"))
        #expect(try refused(TestImage([file]).dockerArchive(), kept).contains("layer0/layer.tar"))
        #expect(ContinuousClock.now - start < .seconds(60))
    }
}

extension String {
    /// The first place of `text` behind `mark`.
    fileprivate func range(of text: String, from mark: String) -> Range<Index>? {
        guard let start = firstRange(of: mark)?.upperBound else { return nil }
        return self[start...].firstRange(of: text)
    }
}
