import Archive
import Hashing
import Linux
import OCI
import Registry
import Storage
import Synchronization

/// One layer on its way to a registry, if that does not have it.
struct LayerPush: Sendable {
    private let push: ImagePush
    private let repository: RemoteRepository
    private let layer: PushedLayer

    init(_ push: ImagePush, _ repository: RemoteRepository, _ layer: PushedLayer) {
        (self.push, self.repository, self.layer) = (push, repository, layer)
    }

    func run() throws -> Descriptor {
        for place in push.places(layer, elsewhere: false) {
            if let size = try repository.size(of: place.blob, push.cancellation) {
                say("Layer already exists")
                return descriptor(place.blob, size)
            }
            push.store.forget(layer.diff, isIn: push.reference.name, as: place.blob)
        }
        for place in push.places(layer, elsewhere: true) {
            // What it wants sent instead is sent below, as any other.
            guard try repository.mount(place.blob, from: place.path, push.cancellation) == nil,
                let size = try repository.size(of: place.blob, push.cancellation)
            else { continue }
            say("Mounted from \(place.path)")
            return noted(descriptor(place.blob, size))
        }
        return try noted(send())
    }

    private func say(_ status: String, _ current: Int64? = nil, _ total: Int64? = nil) {
        push.report(TransferProgress(status, id: layer.diff.short, current: current, total: total))
    }

    private func descriptor(_ blob: Digest, _ size: Int64) -> Descriptor {
        Descriptor(mediaType: MediaType.dockerLayer, digest: blob, size: size)
    }

    private func noted(_ descriptor: Descriptor) -> Descriptor {
        push.store.note(layer.diff, isIn: push.reference.name, as: descriptor.digest)
        return descriptor
    }

    /// Sends it, again where the connection breaks.
    private func send() throws -> Descriptor {
        var failures = 0
        while true {
            do {
                let sent = try sendOnce()
                say("Pushed")
                return sent
            } catch let error as RegistryError where error.isTransient {
                failures += 1
                guard failures < push.registry.settings.attempts else { throw error }
                for left in stride(from: failures * 5, to: 0, by: -1) {
                    say("Retrying in \(left) second\(left == 1 ? "" : "s")")
                    try push.cancellation.sleep(milliseconds: 1000)
                }
            }
        }
    }

    private func sendOnce() throws -> Descriptor {
        let upload = try repository.beginUpload(push.cancellation)
        let compressed = Mutex<Descriptor?>(nil)
        let source = try PipedSource { [self] sink in
            let hashing = HashingSink(sink)
            let gzip = GzipSink(hashing)
            try push.store.write(layer, to: CountingSink(gzip) { say("Pushing", $0, layer.size) })
            try gzip.finish()
            compressed.withLock { $0 = descriptor(hashing.digest, hashing.count) }
        }
        let next: Upload
        do { next = try repository.send(source, to: upload, push.cancellation) } catch {
            throw source.abandon() ?? error
        }
        try source.finish()
        guard let blob = compressed.withLock({ $0 }) else { throw RegistryError.unsent("\(layer.diff)") }
        try repository.finish(next, as: blob.digest, push.cancellation)
        return blob
    }
}

/// Passes bytes on, and says now and then how many.
private final class CountingSink: ByteSink {
    private let sink: any ByteSink
    private let say: (Int64) -> Void
    private var count: Int64 = 0
    private var said = ContinuousClock.now

    init(_ sink: any ByteSink, _ say: @escaping (Int64) -> Void) { (self.sink, self.say) = (sink, say) }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try sink.write(bytes)
        count += Int64(bytes.count)
        guard said.duration(to: .now) > .milliseconds(100) else { return }
        said = .now
        say(count)
    }
}

extension RegistryError {
    fileprivate static func unsent(_ layer: String) -> Self {
        .malformed(url: layer, reason: "the layer was not sent to its end")
    }
}
