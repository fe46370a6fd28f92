import CLinux
import CZlib
import Glibc
import OCI

/// Compresses a file that a log was, in a process beside the monitor, which ends with it: the container does not wait.
final class LogCompressor {
    private var process: pid_t = 0
    private var unfinished = ""

    /// Whether it is still at it.
    var isRunning: Bool {
        if process > 0, waitpid(process, nil, WNOHANG) != 0 { process = 0 }
        return process > 0
    }

    /// Begins to replace the file at `path` by a compressed one; where that fails, the file stays as it is.
    func start(_ path: String, to target: String) {
        wait()
        unfinished = "\(path).compressing"
        let parent = getpid()
        let child = linux_clone(0, -1)
        guard child == 0 else {
            process = max(child, 0)
            return
        }
        _ = linux_prctl(CInt(LINUX_PR_SET_PDEATHSIG), UInt(SIGKILL), 0)
        guard getppid() == parent else { _exit(1) }
        // The container's streams and its clients' are the monitor's alone.
        closefrom(0)
        _ = nice(10)
        if Self.compress(path, to: unfinished) && rename(unfinished, target) == 0 {
            unlink(path)
        } else {
            unlink(unfinished)
        }
        _exit(0)
    }

    func wait() {
        while process > 0, waitpid(process, nil, 0) < 0, errno == EINTR {}
        process = 0
    }

    /// Gives it some seconds to finish, then up: dockerd, should it open this data root, writes over a file that is not
    /// compressed.
    func end() {
        let deadline = milliseconds() + 5000
        while isRunning, milliseconds() < deadline { usleep(5000) }
        guard isRunning else { return }
        kill(process, SIGKILL)
        wait()
        unlink(unfinished)
    }

    private static func compress(_ path: String, to target: String) -> Bool {
        let input = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        let output = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o640)
        var status = stat()
        guard input >= 0, output >= 0, fstat(input, &status) == 0 else { return false }
        // For readers: which file this was. dockerd looks for its own `lastTime` there, and takes none for "not known".
        var extra = Array(#"{"inode":\#(status.st_ino)}"#.utf8)
        // It is on the disk before the other one goes, for a power cut.
        return deflate(input, output, &extra) && fdatasync(output) == 0
    }

    private static func deflate(_ input: CInt, _ output: CInt, _ extra: inout [UInt8]) -> Bool {
        var stream = z_stream()
        let size = CInt(MemoryLayout<z_stream>.size)
        guard deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
            return false
        }
        return extra.withUnsafeMutableBufferPointer { extra in
            var header = gz_header()
            header.os = 255
            header.extra = extra.baseAddress
            header.extra_len = UInt32(extra.count)
            return withUnsafeMutablePointer(to: &header) {
                deflateSetHeader(&stream, $0) == Z_OK && pump(&stream, input, output)
            }
        }
    }

    private static func pump(_ stream: inout z_stream, _ input: CInt, _ output: CInt) -> Bool {
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 << 16)
        let compressed = room + (1 << 16)
        while true {
            let count = read(input, room, 1 << 16)
            guard count >= 0 else { return false }
            stream.next_in = room
            stream.avail_in = UInt32(count)
            repeat {
                stream.next_out = compressed
                stream.avail_out = 1 << 16
                guard CZlib.deflate(&stream, count == 0 ? Z_FINISH : Z_NO_FLUSH) != Z_STREAM_ERROR else { return false }
                let made = (1 << 16) - Int(stream.avail_out)
                guard write(output, compressed, made) == made else { return false }
            } while stream.avail_out == 0
            if count == 0 { return true }
        }
    }
}
