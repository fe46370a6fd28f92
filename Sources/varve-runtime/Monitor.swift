import CLinux
import FoundationEssentials
import Glibc
import Linux
import OCI
import RuntimeProtocol
import SystemPackage

/// Holds one container: its streams, its log, its exit status, and everyone who is attached; outlives the daemon.
///
/// One loop over `poll`. Everything that can wait has a descriptor in it.
final class Monitor {
    private let message: LaunchMessage
    private var spec = RuntimeSpec()
    private var listener: CInt = -1
    private var connections: [Connection]
    private let control: Connection
    private var container: Session?
    private var groups = ContainerGroups()
    private var kills: KillWatch?
    private var filter = SeccompFilter()
    private let foreign: ForeignRuntime?
    private var mountNamespace: CInt = -1
    private var ports = PublishedPorts()
    private var sessions: [Session] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    init(_ message: LaunchMessage, control: CInt) {
        self.message = message
        foreign = message.runtime.map { ForeignRuntime($0, message) }
        self.control = Connection(control)
        self.control.hearsEvents = true
        connections = [self.control]
    }

    func run() -> Never {
        do { try launch() } catch {
            foreign?.delete()
            groups.remove()
            var reply = ControlReply(serial: 0)
            reply.error = "\(error)"
            reply.errorCode = (error as? StepError)?.exitCode ?? 128
            control.answer(reply)
            _exit(1)
        }
        while true { turn() }
    }

    private func launch() throws {
        // Relative from here: a socket's path may not be longer than 107 bytes.
        try sys("enter \(message.folder)") { chdir(message.folder) }
        if mkdir("rootfs", 0o700) != 0 && errno != EEXIST { throw SystemError("mkdir rootfs", Errno(rawValue: errno)) }
        spec = try step("config.json") {
            try JSONDecoder().decode(RuntimeSpec.self, from: Data(readFile("config.json")))
        }
        let log = message.log.map(LogWriter.init)
        let ready = try make()
        // As long as somebody holds it, the end of the process is not held up by the end of its mounts (an overlay flushes
        // the whole file system below it).
        mountNamespace = open("/proc/\(ready.pid)/ns/mnt", O_RDONLY | O_CLOEXEC)
        let session = try Session(name: nil, ready: ready, stdinOnce: message.stdinOnce, log: log)
        container = session
        sessions = [session]
        listener = try listenForClients()
        var reply = ControlReply(serial: 0)
        reply.pid = ready.pid
        reply.warnings = ready.warnings
        control.answer(reply)
        // Its program does not run yet.
        kills = groups.killWatch()
    }

    /// The container's first process, in its control groups.
    private func make() throws -> Spawn.Ready {
        if let foreign {
            let ready = try foreign.create(spec, message)
            groups = try step("control groups") { try foreign.groups(of: spec, ready.pid) }
            return ready
        }
        groups = try step("control groups") { try ContainerGroups(spec) }
        filter = try step("seccomp") { try SeccompFilter(spec) }
        return try Spawn.container(spec, message, groups.entrance, filter)
    }

    // MARK: The loop

    /// Something to do when a descriptor is ready.
    private typealias Watch = (entry: pollfd, act: (Int16) -> Void)

    private func turn() {
        let watches = self.watches()
        var entries = watches.map(\.entry)
        let count = poll(&entries, nfds_t(entries.count), timeout())
        if count > 0 {
            for (entry, watch) in zip(entries, watches) where entry.revents != 0 { watch.act(entry.revents) }
        }
        connections.removeAll { !$0.isOpen }
        foreign?.reapStrangers(besides: sessions.map(\.pid) + [ports.proxy])
        if let count = kills?.rise() { tell(ControlReply(kills: count)) }
        finishSessions()
    }

    private func watches() -> [Watch] {
        var all: [Watch] = [(pollfd(fd: listener, events: Int16(POLLIN), revents: 0), { [self] _ in accept() })]
        if let kills { all.append((kills.entry, { _ in kills.hear() })) }
        for connection in connections {
            let mayRead = !connection.inputEnded && connection.session?.takesInput ?? true
            let events = Int16(mayRead ? POLLIN : 0) | Int16(connection.pending > 0 ? POLLOUT : 0)
            all.append((pollfd(fd: connection.socket, events: events, revents: 0), { [self] in serve(connection, $0) }))
        }
        for session in sessions {
            if session.pidDescriptor >= 0 {
                all.append(
                    (pollfd(fd: session.pidDescriptor, events: Int16(POLLIN), revents: 0), { _ in session.reap() })
                )
            }
            if session.input >= 0 && !session.inputBuffer.isEmpty {
                all.append(
                    (pollfd(fd: session.input, events: Int16(POLLOUT), revents: 0), { _ in session.pushInput() })
                )
            }
            guard session.hasRoom, session.mayBeRead else { continue }
            for output in session.outputs {
                let entry = pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0)
                all.append((entry, { [self] _ in pull(session, output.descriptor) }))
            }
        }
        return all
    }

    private func pull(_ session: Session, _ descriptor: CInt) {
        guard let index = session.outputs.firstIndex(where: { $0.descriptor == descriptor }) else { return }
        session.pull(index, buffer)
    }

    private func timeout() -> Int32 {
        let deadlines = sessions.compactMap(\.drainDeadline) + [kills?.nextLook].compactMap(\.self)
        guard let next = deadlines.min() else { return -1 }
        return Int32(clamping: max(0, next - milliseconds()))
    }

    private func accept() {
        let socket = Glibc.accept(listener, nil, nil)
        guard socket >= 0 else { return }
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        connections.append(Connection(socket))
    }

    private func serve(_ connection: Connection, _ events: Int16) {
        if events & Int16(POLLOUT) != 0 { connection.push() }
        guard events & Int16(POLLIN | POLLHUP | POLLERR) != 0, connection.isOpen, !connection.inputEnded else {
            if events & Int16(POLLERR | POLLHUP) != 0 { connection.shut() }
            return
        }
        let count = recv(connection.socket, buffer.baseAddress, buffer.count, 0)
        if count < 0 && (errno == EAGAIN || errno == EINTR) { return }
        guard count > 0 else { return inputEnded(connection) }
        let bytes = Array(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        if let session = connection.session {
            if connection.streams.stdin { session.feed(bytes[...]) }
            return
        }
        for request in connection.requests(bytes[...]) { answer(request, connection) }
    }

    private func inputEnded(_ connection: Connection) {
        guard let session = connection.session else {
            connection.shut()
            // A daemon that died before it let the container go will never do so.
            if connection === control, container?.hasBegun == false {
                foreign?.delete()
                _exit(1)
            }
            return
        }
        connection.inputEnded = true
        if connection.streams.stdin && (session.stdinOnce || session.name != nil) { session.endInput() }
    }

    private func finishSessions() {
        for session in sessions where session.name != nil && session.isOver { finish(session) }
        guard let container, container.isOver else { return }
        // Its pid namespace is gone, and with it every exec.
        for session in sessions where session.name != nil {
            if session.exit == nil { session.reap() }
            finish(session)
        }
        finishContainer(container)
    }

    /// Tells of the end before the streams close: whoever sees them close asks for the exit code next.
    private func finish(_ session: Session) {
        let exit = session.exit ?? ExitRecord(exitCode: 137, finishedAt: Timestamp(seconds: 0))
        var event = ControlReply(serial: nil)
        event.process = session.name
        event.exit = exit
        tell(event)
        session.closeAll()
        sessions.removeAll { $0 === session }
    }

    private func tell(_ event: ControlReply) {
        for connection in connections where connection.hearsEvents { connection.answer(event) }
    }

    private func finishContainer(_ container: Session) -> Never {
        container.log?.finish()
        ports.end()
        if let count = kills?.lastRise() { tell(ControlReply(kills: count)) }
        if groups.hadKills { container.exit?.lackedMemory = true }
        foreign?.delete()
        groups.remove()
        if let exit = container.exit, let data = try? JSONEncoder().encode(exit) {
            // The folder is the daemon's; when it is gone, nobody wants the record.
            try? writeAtomically(Array(data), to: "exit.json", flush: false)
        }
        finish(container)
        if mountNamespace >= 0 { close(mountNamespace) }
        unlink("monitor.sock")
        Connection.pushAll(connections)
        _exit(0)
    }
}

extension Monitor {
    // MARK: Requests

    private func answer(_ request: ControlRequest, _ connection: Connection) {
        var reply = ControlReply(serial: request.serial)
        do {
            switch request.verb {
            case .hello:
                reply.pid = container?.pid
                reply.kills = kills?.known ?? groups.kills
                connection.hearsEvents = true
            case .start: try container?.begin()
            case .signal: try signal(request)
            case .resize: try resize(request)
            case .exec: reply.pid = try exec(request)
            case .attach: return try attach(request, connection)
            case .publish: reply.ports = try ports.publish(request.ports ?? [])
            }
        } catch {
            reply.error = "\(error)"
            reply.errorCode = (error as? StepError)?.exitCode ?? 128
        }
        connection.answer(reply)
    }

    private func session(_ name: String?) throws -> Session {
        guard let session = sessions.first(where: { $0.name == name }) else {
            throw StepError(ControlReply.processGone)
        }
        return session
    }

    private func signal(_ request: ControlRequest) throws {
        let session = try session(request.process)
        guard session.pidDescriptor >= 0 else { throw StepError(ControlReply.processGone) }
        try sys("signal the process") { linux_pidfd_send_signal(session.pidDescriptor, request.signal ?? SIGTERM) }
    }

    private func resize(_ request: ControlRequest) throws {
        let session = try session(request.process)
        guard session.isTerminal, session.input >= 0 else { throw StepError("the process has no terminal") }
        try sys("set the terminal's size") { linux_set_window(session.input, request.rows ?? 0, request.columns ?? 0) }
    }

    private func exec(_ request: ControlRequest) throws -> Int32 {
        guard let exec = request.exec, let name = request.process, let container, container.exit == nil else {
            throw StepError("container is not running")
        }
        let ready =
            try foreign?.exec(exec, in: container.pid, spec)
            ?? Spawn.exec(exec, in: container.pid, spec, groups.entrance, filter)
        let session = try Session(name: name, ready: ready, stdinOnce: true, log: nil)
        sessions.append(session)
        if !exec.waitsForClient { try session.begin() }
        return ready.pid
    }

    private func attach(_ request: ControlRequest, _ connection: Connection) throws {
        let session = try session(request.process)
        connection.answer(ControlReply(serial: request.serial))
        connection.attach(
            to: session,
            stdin: request.stdin ?? false,
            stdout: request.stdout ?? false,
            stderr: request.stderr ?? false
        )
        let rest = connection.takeRest()
        if !rest.isEmpty && connection.streams.stdin { session.feed(rest) }
        guard session.name != nil else { return }
        do { try session.begin() } catch {
            Array("\(error)\r\n".utf8).withUnsafeBytes {
                connection.deliver($0, stream: 1, framed: !session.isTerminal)
            }
        }
    }
}
