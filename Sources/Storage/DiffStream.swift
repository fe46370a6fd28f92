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

    private let input: OwnedDescriptor
    private let failure = Failure()
    private let thread: OSThread

    init(of id: LayerID, since base: LayerID?, by driver: any GraphDriver) throws {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { linux_pipe(&ends) }
        let (reading, writing) = (ends[0], ends[1])
        thread = try OSThread { [failure] in
            defer { Glibc.close(writing) }
            let sink = FileSink(FileDescriptor(rawValue: writing))
            do { try driver.diff(of: id, since: base, to: sink) } catch {
                failure.error.withLock { $0 = error }
            }
        }
        input = OwnedDescriptor(reading)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try sys("read a layer's changes") { Glibc.read(input.rawValue, buffer.baseAddress, buffer.count) }
    }

    /// Waits for the driver; call once, when all was read or nothing more will be. Throws what the driver could not do:
    /// without this call a tar that broke off could be taken for a whole one.
    func finish() throws {
        var rest = [UInt8](repeating: 0, count: 1 << 16)
        // Whoever writes must not wait for ever for a reader that gave up.
        while (try? rest.withUnsafeMutableBytes({ try read(into: $0) })) ?? 0 > 0 {}
        thread.join()
        if let error = failure.error.withLock({ $0 }) { throw error }
    }
}
