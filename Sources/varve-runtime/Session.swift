import CLinux
import Glibc
import Linux
import OCI
import RuntimeProtocol

/// A process that the monitor holds: the container's own, or an exec.
final class Session {
    /// An exec's name; nil: the container's own process.
    let name: String?
    let isTerminal: Bool
    let pid: Int32
    /// Readable when the process has ended; `-1` once its status was taken.
    var pidDescriptor: CInt
    /// To the process until it runs its program.
    private var socket: CInt
    /// Instead of that, where somebody else's runtime lets it go.
    private let letGo: (() throws -> Void)?
    var input: CInt
    /// What can still be read from it, and as which stream its clients see it.
    var outputs: [(descriptor: CInt, stream: UInt8)] = []
    var clients: [Connection] = []
    /// Bytes on their way to standard input.
    private(set) var inputBuffer: [UInt8] = []
    private var inputEnds = false
    let stdinOnce: Bool
    let log: LogWriter?
    private(set) var hasBegun = false
    var exit: ExitRecord?
    /// When what is left in the pipes is given up: something else may hold them open for ever.
    var drainDeadline: Int64?

    /// Takes over a process that reported itself ready.
    init(name: String?, ready: Spawn.Ready, stdinOnce: Bool, log: LogWriter?) throws {
        self.name = name
        let (stdio, master) = (ready.stdio, ready.master)
        (pid, socket, letGo) = (ready.pid, ready.socket, ready.letGo)
        self.stdinOnce = stdinOnce
        self.log = log
        isTerminal = master >= 0
        pidDescriptor = try sys("watch the process") { linux_pidfd_open(ready.pid, 0) }
        input = stdio.input
        if master >= 0 {
            setNonBlocking(master)
            input = master
            outputs = [(master, 1)]
        } else {
            outputs = [(stdio.output, 1), (stdio.error, 2)]
        }
    }

    /// Lets the process run its program; throws if the kernel refuses that.
    func begin() throws {
        guard !hasBegun else { return }
        hasBegun = true
        if let letGo { return try letGo() }
        defer {
            close(socket)
            socket = -1
        }
        try Report.letGo(socket)
    }

    /// Whether its clients can take more; if not, its pipes fill up and it waits.
    var hasRoom: Bool { clients.allSatisfy { $0.pending < 1 << 20 } }

    /// An exec that did not wait for its client keeps for it what it says. The container's own process that ended before it
    /// was let go has said nothing.
    var mayBeRead: Bool { hasBegun || exit != nil && name == nil }

    /// Whether it takes more input.
    var takesInput: Bool { inputBuffer.count < 1 << 20 }

    func feed(_ bytes: ArraySlice<UInt8>) {
        guard input >= 0, !inputEnds else { return }
        inputBuffer += bytes
        pushInput()
    }

    /// Ends standard input after what is still on its way.
    func endInput() {
        guard !isTerminal else { return }
        inputEnds = true
        pushInput()
    }

    func pushInput() {
        while !inputBuffer.isEmpty && input >= 0 {
            let count = inputBuffer.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            if count > 0 {
                inputBuffer.removeFirst(count)
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                return
            } else {
                inputBuffer = []
                inputEnds = true
            }
        }
        if inputEnds && inputBuffer.isEmpty && input >= 0 && !isTerminal {
            close(input)
            input = -1
        }
    }

    /// Takes what the process wrote, logs it and passes it on.
    func pull(_ index: Int, _ buffer: UnsafeMutableRawBufferPointer) {
        let (descriptor, stream) = outputs[index]
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count < 0 && (errno == EINTR || errno == EAGAIN) { return }
        // A terminal whose other end nobody has open any more says EIO.
        guard count > 0 else { return endOutput(index) }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        log?.write(bytes, stream: stream)
        for client in clients { client.deliver(bytes, stream: stream, framed: !isTerminal) }
    }

    private func endOutput(_ index: Int) {
        let descriptor = outputs.remove(at: index).descriptor
        if isTerminal { input = -1 }
        close(descriptor)
    }

    /// Reaps the process and notes how it ended.
    func reap() {
        var status: CInt = 0
        guard waitpid(pid, &status, 0) == pid else { return }
        let signal = status & 0x7f
        let code = signal == 0 ? (status >> 8) & 0xff : 128 + signal
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        exit = ExitRecord(
            exitCode: Int(code),
            finishedAt: Timestamp(seconds: Int64(now.tv_sec), nanoseconds: Int32(now.tv_nsec))
        )
        close(pidDescriptor)
        pidDescriptor = -1
        // One that did not wait for its client has it still to come.
        drainDeadline = milliseconds() + (hasBegun ? 2000 : 10_000)
    }

    /// Whether nothing more will come: it ended, and its output did, or was waited for long enough.
    var isOver: Bool { exit != nil && (outputs.isEmpty || milliseconds() >= drainDeadline ?? .max) }

    func closeAll() {
        for output in outputs { close(output.descriptor) }
        if input >= 0 && !isTerminal { close(input) }
        input = -1
        outputs = []
        log?.finish()
        for client in clients { client.closeAfterDelivery() }
        clients = []
    }
}

/// A clock that only runs forward.
func milliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}
