package import Archive
package import Crypto
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
    package var digest: OCI.Digest {
        guard let digest = OCI.Digest(bytes: Array(finalize())) else { fatalError("SHA-256 has 32 bytes") }
        return digest
    }
}

/// Passes bytes on and hashes them.
package final class HashingSource: ByteSource {
    private let source: any ByteSource
    private var hash = SHA256()
    package private(set) var count: Int64 = 0

    /// Reads from `source`.
    package init(_ source: any ByteSource) { self.source = source }

    /// The digest of what was read so far.
    package var digest: OCI.Digest { hash.digest }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let got = try source.read(into: buffer)
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<got]))
        count += Int64(got)
        return got
    }
}

/// Takes bytes, hashes them, passes them on if there is somebody to pass them to.
package final class HashingSink: ByteSink {
    private let sink: (any ByteSink)?
    private var hash = SHA256()
    package private(set) var count: Int64 = 0

    /// Writes to `sink`, if there is one.
    package init(_ sink: (any ByteSink)? = nil) { self.sink = sink }

    /// The digest of what was written so far.
    package var digest: OCI.Digest { hash.digest }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        hash.update(bufferPointer: bytes)
        count += Int64(bytes.count)
        try sink?.write(bytes)
    }
}
