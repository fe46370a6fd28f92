import Archive
import CLinux
import Glibc
import GraphDrivers
import Linux
import Synchronization
import SystemPackage

/// What a layer changed, as a tar to be read while the driver, on a thread of its own, is still writing it.
final class DiffStream: ByteSource {
    /// What the driver could not do, to be told after its thread has ended.
    private final class Failure: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    /// Nil after `abandon`.
    private var input: OwnedDescriptor?
    private let failure = Failure()
    private let thread: OSThread

    init(of id: LayerID, since base: LayerID?, by driver: any GraphDriver) throws {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { linux_pipe(&ends) }
        let writing = ends[1]
        input = OwnedDescriptor(ends[0])
        do {
            thread = try OSThread { [failure] in
                defer { Glibc.close(writing) }
                let sink = FileSink(FileDescriptor(rawValue: writing))
                do { try driver.diff(of: id, since: base, to: sink) } catch {
                    failure.error.withLock { $0 = error }
                }
            }
        } catch {
            Glibc.close(writing)
            throw error
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let pipe = input?.rawValue else { return 0 }
        return try sys("read a layer's changes") { Glibc.read(pipe, buffer.baseAddress, buffer.count) }
    }

    /// Waits for the driver; call once, when all was read, or `abandon`. Throws what the driver could not do: without this
    /// call a tar that broke off could be taken for a whole one.
    func finish() throws {
        // After the tar's end there may be zeros that nobody has asked for.
        var rest = [UInt8](repeating: 0, count: 1 << 16)
        while try rest.withUnsafeMutableBytes({ try read(into: $0) }) > 0 {}
        thread.join()
        if let error = failure.error.withLock({ $0 }) { throw error }
    }

    /// Ends the driver's writing, of which nothing more is wanted; gives what it could not do before that.
    func abandon() -> (any Error)? {
        input = nil
        thread.join()
        let error = failure.error.withLock { $0 }
        return (error as? SystemError)?.errno == .brokenPipe ? nil : error
    }
}
