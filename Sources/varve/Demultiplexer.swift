import Glibc

/// Takes Docker's frames apart: 8 bytes of header (stream, length), then that many bytes for standard output or error.
struct Demultiplexer {
    private var header: [UInt8] = []
    private var target = STDOUT_FILENO
    private var left = 0

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while rest.count > 0 {
            if left > 0 {
                let count = min(left, rest.count)
                put(UnsafeRawBufferPointer(rebasing: rest.prefix(count)), to: target)
                left -= count
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            } else {
                let count = min(8 - header.count, rest.count)
                header += rest.prefix(count)
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
                if header.count == 8 { try begin() }
            }
        }
    }

    private mutating func begin() throws {
        guard header[0] <= 3 else { throw Failure(message: "Unrecognized input header: \(header[0])") }
        target = header[0] >= 2 ? STDERR_FILENO : STDOUT_FILENO
        left = header[4...].reduce(0) { $0 << 8 | Int($1) }
        header = []
    }
}
