import Synchronization
import SystemPackage

/// Our end of a stream to a process: taken over by the connection, or closed with this.
final class StreamEnd: Sendable {
    private let descriptor: Mutex<FileDescriptor?>

    init(_ descriptor: FileDescriptor) { self.descriptor = Mutex(descriptor) }

    /// The descriptor, which now belongs to the caller; nil the second time.
    func take() -> FileDescriptor? {
        descriptor.withLock { held in
            defer { held = nil }
            return held
        }
    }

    deinit {
        // A client that went away before its headers were sent never takes it; there is nobody to tell of an error.
        try? take()?.close()
    }
}
