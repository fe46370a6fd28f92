import CLinux
import Glibc
import Linux

/// Copies contents of files by the best means that worked so far: sharing blocks, copying in the kernel, read and write.
struct FileCopy {
    private var canShare = true
    private var canCopyInKernel = true
    private var buffer: [UInt8] = []

    init() {}

    /// Makes `name` in `target` with the content of `name` in `source`, mode 0600.
    mutating func copy(
        _ name: UnsafePointer<CChar>,
        _ source: CInt,
        _ target: CInt,
        _ size: Int64,
        _ text: String
    ) throws {
        let from = try sys("open \(text)") { openat(source, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
        defer { close(from) }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let to = try sys("create the copy of \(text)") { openat(target, name, flags, 0o600) }
        defer { close(to) }
        if size == 0 { return }
        if canShare {
            if linux_ficlone(to, from) == 0 { return }
            canShare = false
        }
        try copyData(from, to, size, text)
    }

    /// Copies what is data; holes stay holes.
    private mutating func copyData(_ from: CInt, _ to: CInt, _ size: Int64, _ text: String) throws {
        var end: Int64 = 0
        while end < size {
            let start = linux_seek_data(from, end)
            // ENXIO: only a hole is left.
            guard start >= 0 else { break }
            end = try sys("find the end of data in \(text)") { linux_seek_hole(from, start) }
            var offset = start
            while offset < end {
                let count = try copyPiece(from, to, offset, end - offset, text)
                // It was cut meanwhile: the rest is a hole in the copy.
                if count == 0 { break }
                offset += count
            }
        }
        try sys("set the size of the copy of \(text)") { ftruncate(to, off_t(size)) }
    }

    private mutating func copyPiece(
        _ from: CInt,
        _ to: CInt,
        _ offset: Int64,
        _ length: Int64,
        _ text: String
    ) throws -> Int64 {
        if canCopyInKernel {
            var (readAt, writeAt) = (offset, offset)
            let count = linux_copy_file_range(from, &readAt, to, &writeAt, Int(min(length, 1 << 30)))
            if count > 0 { return Int64(count) }
            // Another file system, or one that can't: the error, if there is one, comes again below.
            canCopyInKernel = count == 0
        }
        if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: 1 << 18) }
        let count = try sys("read \(text)") { pread(from, &buffer, min(buffer.count, Int(length)), off_t(offset)) }
        var done = 0
        while done < count {
            done += try sys("write the copy of \(text)") {
                buffer.withUnsafeBytes {
                    pwrite(to, $0.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
                }
            }
        }
        return Int64(count)
    }
}
