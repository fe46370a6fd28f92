import Glibc
import OCI
import RuntimeProtocol

/// The file that a log is written to, and those that it was before: `log.1`, `log.2`, … or `log.1.gz`, `log.2.gz`, ….
///
/// Files are renamed, the oldest first, and replaced only by what is whole on the disk: a monitor that is killed anywhere loses
/// nothing, and its successor cleans up.
final class LogFile {
    private let target: LogTarget
    private let encoder: any LogEncoder
    private let compressor = LogCompressor()
    private var file: CInt = -1
    private var size: Int64 = 0
    /// When it is tried again to open a file that could not be.
    private var nextTry: Int64 = 0

    init(_ target: LogTarget, _ encoder: any LogEncoder) {
        self.target = target
        self.encoder = encoder
        mend()
        openFile()
    }

    private func openFile() {
        size = 0
        file = open(target.path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        var status = stat()
        guard file >= 0, fstat(file, &status) == 0 else { return }
        let end = encoder.end(of: file, size: Int64(status.st_size))
        size = end < Int64(status.st_size) && ftruncate(file, off_t(end)) == 0 ? end : Int64(status.st_size)
    }

    /// A log that can't be written must not stop the container: what does not fit on the disk is lost, but no entry in half.
    func store(_ entries: [UInt8]) {
        guard !entries.isEmpty, isOpen() else { return }
        var done = 0
        while done < entries.count {
            let count = entries.withUnsafeBytes {
                write(file, $0.baseAddress?.advanced(by: done), entries.count - done)
            }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            done += count
        }
        if done < entries.count {
            let whole = entries.withUnsafeBytes { encoder.wholeLength(UnsafeRawBufferPointer(rebasing: $0[..<done])) }
            if ftruncate(file, off_t(size + Int64(whole))) == 0 { done = whole }
        }
        size += Int64(done)
    }

    /// Tries again, a second after the last time, where the file could not be opened: the disk may have room by now.
    private func isOpen() -> Bool {
        if file < 0, milliseconds() >= nextTry {
            nextTry = milliseconds() + 1000
            openFile()
        }
        return file >= 0
    }

    // MARK: Rotation

    /// Whether another entry goes to another file, when `pending` bytes are written.
    ///
    /// While the last file is being compressed this one grows, to twice its size: the container does not wait for it.
    func isFull(with pending: Int) -> Bool {
        guard let most = target.maxSize else { return false }
        let size = size + Int64(pending)
        return size > 0 && size >= (compressor.isRunning ? most.multipliedReportingOverflow(by: 2).partialValue : most)
    }

    /// `log` → `log.1` → `log.2` …; with one file only, it begins anew.
    func rotate() {
        compressor.wait()
        if file >= 0 { close(file) }
        if target.maxFiles == 1 {
            unlink(target.path)
        } else if exists(target.path) {
            shift()
            rename(target.path, name(1))
        }
        openFile()
        compress()
    }

    /// Makes room at 1: all up to the first number that is free move up by one, or the oldest goes.
    private func shift() {
        var free = 1
        while free < target.maxFiles - 1, exists(name(free)) || exists(compressed(free)) { free += 1 }
        unlink(name(free))
        unlink(compressed(free))
        for number in stride(from: free - 1, to: 0, by: -1) {
            rename(name(number), name(number + 1))
            rename(compressed(number), compressed(number + 1))
        }
    }

    /// Goes on where a monitor was killed while it compressed.
    private func mend() {
        guard target.maxFiles > 1, exists(name(1)) else { return }
        // It may not be whole: dockerd writes it in place.
        unlink(compressed(1))
        compress()
    }

    private func compress() {
        guard target.compresses, target.maxFiles > 1 else { return }
        compressor.start(name(1), to: compressed(1))
    }

    /// To be called when nothing more comes. What is not compressed by then is when the container starts again.
    func finish() {
        compressor.end()
        if file >= 0 { close(file) }
        file = -1
    }

    private func name(_ number: Int) -> String { "\(target.path).\(number)" }
    private func compressed(_ number: Int) -> String { "\(target.path).\(number).gz" }
    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
