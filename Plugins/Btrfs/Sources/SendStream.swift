import Archive
import CBtrfs
import CLinux
import Glibc
import Linux
import Synchronization
import SystemPackage

/// What the kernel says to be the way from one read-only snapshot to another; nil where it can't be followed.
///
/// The kernel writes into a pipe, on a thread of its own, and libbtrfs reads from it, on this one.
func replayStream(from older: Snapshot, to newer: Snapshot) throws -> Replay? {
    var ends: [CInt] = [-1, -1]
    try sys("make a pipe") { linux_pipe(&ends) }
    let reading = OwnedDescriptor(ends[0])
    let sending: Sending
    do { sending = try Sending(newer.root.rawValue, older.id, to: ends[1]) } catch {
        close(ends[1])
        throw error
    }
    let reader = StreamReader()
    let isRead = reader.read(reading.rawValue)
    // Where nobody reads on, the kernel's next write fails, and the sending ends.
    _ = consume reading
    do { try sending.finish() } catch let error as SystemError where error.errno == .brokenPipe {}
    return isRead ? reader.replay : nil
}

/// The kernel at work.
private final class Sending: Sendable {
    private let failure = Mutex<SystemError?>(nil)
    private let thread = Mutex<OSThread?>(nil)

    /// Starts it; `output` is closed at the end.
    init(_ newer: CInt, _ older: UInt64, to output: CInt) throws {
        let started = try OSThread { [self] in
            // A signal would end the stream in the middle.
            var all = sigset_t()
            sigfillset(&all)
            pthread_sigmask(SIG_BLOCK, &all, nil)
            do throws(SystemError) {
                try sys("send a snapshot's changes") { linux_btrfs_send(newer, older, output) }
            } catch { failure.withLock { $0 = error } }
            close(output)
        }
        thread.withLock { $0 = started }
    }

    func finish() throws {
        thread.withLock { $0 }?.join()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}

/// Hands libbtrfs's calls on to a replay.
private final class StreamReader {
    private(set) var replay = Replay()

    /// Reads the whole stream; whether it made sense.
    func read(_ descriptor: CInt) -> Bool {
        var calls = Self.calls
        return withExtendedLifetime(self) {
            // 1: the stream's end was reached.
            btrfs_read_and_process_send_stream(descriptor, &calls, Unmanaged.passUnretained(self).toOpaque(), 1, 1) == 1
        }
    }

    fileprivate func step(_ body: (inout Replay) throws(Replay.Nonsense) -> Void) -> CInt {
        do {
            try body(&replay)
            return 0
        } catch { return -EINVAL }
    }

    /// libbtrfs calls all of them unasked.
    private static var calls: btrfs_send_ops {
        var calls = btrfs_send_ops()
        calls.subvol = { _, _, _, _ in 0 }
        calls.snapshot = { _, _, _, _, _, _ in 0 }
        calls.mkfile = { make($1, $0) }
        calls.mkdir = { make($1, $0) }
        calls.mknod = { make($3, $0) }
        calls.mkfifo = { make($1, $0) }
        calls.mksock = { make($1, $0) }
        calls.symlink = { make($2, $0) }
        calls.rename = { move($2, $0, $1) }
        calls.link = { make($2, $0) }
        calls.unlink = { remove($1, $0) }
        calls.rmdir = { remove($1, $0) }
        calls.write = { change($4, $0) }
        calls.clone = { change($7, $0) }
        calls.set_xattr = { change($4, $0) }
        calls.remove_xattr = { change($2, $0) }
        calls.truncate = { change($2, $0) }
        calls.chmod = { change($2, $0) }
        calls.chown = { change($3, $0) }
        calls.utimes = { setTimes($4, $0, $2, $3) }
        calls.update_extent = { change($3, $0) }
        return calls
    }
}

private typealias Path = UnsafePointer<CChar>

private func step(
    _ reader: UnsafeMutableRawPointer?,
    _ path: Path?,
    _ body: (inout Replay, Path) throws(Replay.Nonsense) -> Void
) -> CInt {
    guard let reader, let path else { return -EINVAL }
    return Unmanaged<StreamReader>.fromOpaque(reader).takeUnretainedValue().step { replay throws(Replay.Nonsense) in
        try body(&replay, path)
    }
}

private func make(_ reader: UnsafeMutableRawPointer?, _ path: Path?) -> CInt {
    step(reader, path) { replay, path throws(Replay.Nonsense) in try replay.make(path) }
}

private func remove(_ reader: UnsafeMutableRawPointer?, _ path: Path?) -> CInt {
    step(reader, path) { replay, path throws(Replay.Nonsense) in try replay.remove(path) }
}

private func change(_ reader: UnsafeMutableRawPointer?, _ path: Path?) -> CInt {
    step(reader, path) { replay, path throws(Replay.Nonsense) in try replay.change(path) }
}

private func setTimes(
    _ reader: UnsafeMutableRawPointer?,
    _ path: Path?,
    _ modified: UnsafeMutablePointer<timespec>?,
    _ changed: UnsafeMutablePointer<timespec>?
) -> CInt {
    guard let modified = modified?.pointee, let changed = changed?.pointee else { return -EINVAL }
    return step(reader, path) { replay, path throws(Replay.Nonsense) in
        try replay.setTimes(
            path,
            modified: FileTime(seconds: modified.tv_sec, nanoseconds: modified.tv_nsec),
            changed: FileTime(seconds: changed.tv_sec, nanoseconds: changed.tv_nsec)
        )
    }
}

private func move(_ reader: UnsafeMutableRawPointer?, _ path: Path?, _ target: Path?) -> CInt {
    guard let target else { return -EINVAL }
    return step(reader, path) { replay, path throws(Replay.Nonsense) in try replay.move(path, to: target) }
}
