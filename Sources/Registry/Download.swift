package import Archive
import Crypto
import Glibc
import Hashing
package import Linux
import Logging
package import OCI
import SystemPackage

/// One blob on its way: one thread fetches and proves it, any number read it meanwhile.
package final class Download: Sendable {
    package let digest: OCI.Digest
    package let size: Int64
    private let downloads: Downloads
    private let file: OwnedDescriptor
    private let path: FilePath
    private let cancellation = Cancellation()
    private let state: Waitable<State>

    private struct State {
        /// Bytes that are in the file, from its first.
        var have: Int64 = 0
        /// Nil as long as it is under way.
        var result: Result<Void, any Error>?
        /// Who wants it.
        var users = 1
        /// What to say of it but how far it is.
        var note: String?
    }

    init(_ blob: Descriptor, _ downloads: Downloads) throws {
        (digest, size, self.downloads) = (blob.digest, blob.size, downloads)
        let path = downloads.folder.appending(blob.digest.hex)
        self.path = path
        file = OwnedDescriptor(
            try sys("open \(path)") { open(path.string, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
        )
        state = Waitable(State())
    }

    func start(_ source: RemoteRepository) throws {
        try OSThread { [self] in
            let result = Result { try downloads.whenFree(cancellation) { try fetch(source) } }
            if case .failure(RegistryError.wrongDigest) = result { unlink(path.string) }
            state.withLock { $0.result = result }
        }.detach()
    }

    // MARK: Those who want it

    /// One more; false where it has failed already.
    func join() -> Bool {
        state.withLock { state in
            if case .failure = state.result { return false }
            state.users += 1
            return true
        }
    }

    /// One less. Without anybody it ends; what was fetched of it stays for the next one, unless it `isTaken`.
    package func release(isTaken: Bool) {
        var isDeleted = false
        let isLast = downloads.leave(self) { isOwn in
            // The file that was read is there as long as somebody reads.
            if isTaken, isOwn { isDeleted = unlink(path.string) == 0 || errno == ENOENT }
            return state.withLock { state in
                state.users -= 1
                return state.users == 0
            }
        }
        guard isLast else { return }
        // What has no name would still be written to the disk, by whoever flushes it while the file is open.
        if isDeleted { ftruncate(file.rawValue, 0) }
        cancellation.cancel()
    }

    /// Who read it could make nothing of it: what is not proved yet is fetched anew by the next one.
    package func distrust() {
        let isProved = state.withLock { state in if case .success = state.result { true } else { false } }
        if !isProved { unlink(path.string) }
    }

    /// How far it is, and what else there is to say: `Retrying in 5 seconds`.
    package var progress: (have: Int64, isWhole: Bool, note: String?) {
        state.withLock { state in
            if case .success = state.result { return (state.have, true, nil) }
            return (state.have, false, state.note)
        }
    }

    /// The blob's bytes from its first, as they come; its end comes when its digest was proved.
    package func source(_ wanted: Cancellation) -> any ByteSource { DownloadSource(self, wanted) }

    fileprivate func read(
        at offset: Int64,
        into buffer: UnsafeMutableRawBufferPointer,
        _ wanted: Cancellation
    ) throws -> Int {
        while true {
            try wanted.check()
            let found = try state.wait(milliseconds: 200) { state -> Int64? in
                if state.have > offset { return state.have }
                guard let result = state.result else { return nil }
                try result.get()
                return offset
            }
            guard let found else { continue }
            let count = min(buffer.count, Int(found - offset))
            if count == 0 { return 0 }
            return try sys("read \(path)") { pread(file.rawValue, buffer.baseAddress, count, off_t(offset)) }
        }
    }

    // MARK: The thread that fetches

    private func fetch(_ source: RemoteRepository) throws {
        var hash = SHA256()
        try takeUp(&hash)
        var failures = 0
        while state.withLock({ $0.have }) < size {
            let before = state.withLock { $0.have }
            do {
                try fetch(source, from: before, &hash)
                let now = state.withLock { $0.have }
                if now == before { throw RegistryError.network(url: "\(digest)", reason: "it ends after \(now) bytes") }
            } catch let error as RegistryError where error.isTransient {
                // A connection that brought something is no failure of the server's.
                failures = state.withLock { $0.have } > before ? 0 : failures + 1
                guard failures < downloads.attempts else { throw error }
                try pause(seconds: failures * 5, error)
            }
        }
        let actual = hash.digest
        guard actual == digest else {
            let object = "blob of \(source.reference.familiar)"
            throw RegistryError.wrongDigest(object: object, expected: digest, actual: actual)
        }
    }

    /// Goes on where an earlier download ended.
    private func takeUp(_ hash: inout SHA256) throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var have: Int64 = 0
        // One that is too long is not what it should be.
        let left = Int64(try sys("measure \(path)") { lseek(file.rawValue, 0, SEEK_END) })
        if left > size { try sys("empty \(path)") { ftruncate(file.rawValue, 0) } }
        while left <= size, have < left {
            let count = try sys("read \(path)") { pread(file.rawValue, &buffer, buffer.count, off_t(have)) }
            if count == 0 { break }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            have += Int64(count)
        }
        state.withLock { [have] in $0.have = have }
    }

    private func fetch(_ source: RemoteRepository, from offset: Int64, _ hash: inout SHA256) throws {
        var (at, sum) = (offset, hash)
        var place: Int64?
        defer { hash = sum }
        try source.fetch(digest, of: size, from: offset, cancellation) { [self] start, bytes in
            var bytes = bytes
            downloads.count(received: bytes.count)
            let first = place ?? start
            place = first + Int64(bytes.count)
            guard first <= at else {
                throw RegistryError.malformed(url: "\(digest)", reason: "the registry leaves bytes out")
            }
            // A server without ranges sends again what is there.
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(Int(min(at - first, Int64(bytes.count)))))
            guard at + Int64(bytes.count) <= size else {
                let reason = "it has more than the \(size) bytes that it should have"
                throw RegistryError.malformed(url: "\(digest)", reason: reason)
            }
            try write(bytes, at: at)
            sum.update(bufferPointer: bytes)
            at += Int64(bytes.count)
            state.withLock { [at] state in (state.have, state.note) = (at, nil) }
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
        var done = 0
        while done < bytes.count {
            done += try sys("write \(path)") {
                pwrite(file.rawValue, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset) + done)
            }
        }
    }

    private func pause(seconds: Int, _ error: RegistryError) throws {
        downloads.log.warning("download broke off", metadata: ["blob": "\(digest)", "error": "\(error)"])
        for left in stride(from: seconds, to: 0, by: -1) {
            state.withLock { $0.note = "Retrying in \(left) second\(left == 1 ? "" : "s")" }
            try cancellation.sleep(milliseconds: 1000)
        }
        try cancellation.check()
    }
}

/// Reads one download for one who wants it.
private final class DownloadSource: ByteSource {
    private let download: Download
    private let wanted: Cancellation
    private var offset: Int64 = 0

    init(_ download: Download, _ wanted: Cancellation) { (self.download, self.wanted) = (download, wanted) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try download.read(at: offset, into: buffer, wanted)
        offset += Int64(count)
        return count
    }
}
