import CLinux
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Bytes to be read while somebody, on a thread of his own, is still writing them.
package final class PipedSource: ByteSource {
    /// What the writer could not do, to be told after its thread has ended.
    private final class Failure: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    /// Nil after `abandon`.
    private var input: OwnedDescriptor?
    private let failure = Failure()
    private let thread: OSThread

    /// Starts `write`, whose bytes are to be read here.
    package init(_ write: @escaping @Sendable (any ByteSink) throws -> Void) throws {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { linux_pipe(&ends) }
        let writing = ends[1]
        input = OwnedDescriptor(ends[0])
        do {
            thread = try OSThread { [failure] in
                defer { close(writing) }
                do { try write(FileSink(FileDescriptor(rawValue: writing))) } catch {
                    failure.error.withLock { $0 = error }
                }
            }
        } catch {
            close(writing)
            throw error
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let pipe = input?.rawValue else { return 0 }
        return try sys("read from a pipe") { Glibc.read(pipe, buffer.baseAddress, buffer.count) }
    }

    /// Waits for the writer; call once, when all was read, or `abandon`. Throws what the writer could not do: without this
    /// call what broke off could be taken for the whole.
    package func finish() throws {
        // After a tar's end there may be zeros that nobody has asked for.
        var rest = [UInt8](repeating: 0, count: 1 << 16)
        while try rest.withUnsafeMutableBytes({ try read(into: $0) }) > 0 {}
        thread.join()
        if let error = failure.error.withLock({ $0 }) { throw error }
    }

    /// Ends the writing, of which nothing more is wanted; gives what could not be done before that.
    package func abandon() -> (any Error)? {
        input = nil
        thread.join()
        let error = failure.error.withLock { $0 }
        return (error as? SystemError)?.errno == .brokenPipe ? nil : error
    }
}
