import Archive
import Crypto
package import OCI

extension OCI.Digest {
    /// The SHA-256 of `bytes`.
    package static func of(_ bytes: some Sequence<UInt8>) -> OCI.Digest {
        var hash = SHA256()
        hash.update(data: Array(bytes))
        return hash.digest
    }
}

extension SHA256 {
    /// The digest of all that was hashed.
    var digest: OCI.Digest {
        guard let digest = OCI.Digest(bytes: Array(finalize())) else { fatalError("SHA-256 has 32 bytes") }
        return digest
    }
}

extension Identity where Kind == ChainKind {
    /// The chain of `diff` on top of `parent`: `image-spec/config.md`, "Layer ChainID".
    package init(_ diff: DiffID, on parent: ChainID?) {
        self.init(parent.map { OCI.Digest.of("\($0) \(diff)".utf8) } ?? diff.digest)
    }
}

extension ChainID {
    /// The chain of all of `diffs`, bottom first; nil for none.
    package static func of(_ diffs: some Sequence<DiffID>) -> ChainID? {
        diffs.reduce(nil) { ChainID($1, on: $0) }
    }
}

/// Passes bytes on and hashes them.
final class HashingSource: ByteSource {
    private let source: any ByteSource
    private var hash = SHA256()
    private(set) var count: Int64 = 0

    init(_ source: any ByteSource) { self.source = source }

    /// The digest of what was read so far.
    var digest: OCI.Digest { hash.digest }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let got = try source.read(into: buffer)
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        count += Int64(got)
        return got
    }
}

/// Takes bytes, hashes them, passes them on if there is somebody to pass them to.
final class HashingSink: ByteSink {
    private let sink: (any ByteSink)?
    private var hash = SHA256()
    private(set) var count: Int64 = 0

    init(_ sink: (any ByteSink)? = nil) { self.sink = sink }

    /// The digest of what was written so far.
    var digest: OCI.Digest { hash.digest }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        hash.update(bufferPointer: bytes)
        count += Int64(bytes.count)
        try sink?.write(bytes)
    }
}
