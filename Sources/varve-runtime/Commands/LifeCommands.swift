import CLinux
import Glibc
import Linux
import OCI
import SystemPackage

/// `create` and `run`: options that they share.
private let creationOptions: [Options.Known] = [
    .value("bundle", "b"), .value("console-socket"), .value("pid-file"), .flag("no-pivot"), .flag("no-new-keyring"),
    .value("preserve-fds"), .flag("detach", "d"), .flag("keep"), .flag("no-subreaper"),
]

extension Creation {
    /// What `create` and `run` are told.
    init(_ options: Options, _ invocation: Invocation, isForOthers: Bool) throws {
        let folder = try StateFolder(try options.container(), invocation)
        let bundle = try BundleSpec(absolute(options.value("bundle") ?? "."), id: folder.id, invocation)
        self.init(invocation: invocation, folder: folder, bundle: bundle, isForOthers: isForOthers)
        consoleSocket = options.value("console-socket").flatMap { $0.isEmpty ? nil : absolute($0).string }
        pidFile = options.value("pid-file").flatMap { $0.isEmpty ? nil : absolute($0) }
        pivots = !options.has("no-pivot")
        streams = try PreservedStreams(options.number("preserve-fds") ?? 0)
        let goes = isForOthers || options.has("detach")
        try Terminals.check(bundle.spec.process?.terminal == true, socket: consoleSocket, goes: goes)
    }
}

extension Options {
    /// The one word that is a container's ID.
    func container() throws -> String {
        guard let id = rest.first, rest.count == 1 else { throw UsageError("it needs one container ID") }
        return id
    }
}

/// Who holds a process's terminal.
enum Terminals {
    /// Throws where nobody would, or nobody needs to.
    static func check(_ isTerminal: Bool, socket: String?, goes: Bool) throws {
        if isTerminal && goes && socket == nil {
            throw StepError("cannot allocate a terminal for a process that is left alone without --console-socket")
        }
        if socket != nil && !isTerminal {
            throw StepError("cannot use --console-socket for a process without a terminal (process.terminal)")
        }
    }
}

enum LifeCommands {
    static func create(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        try SealedProgram.enter()
        let options = try Options(words, creationOptions)
        WarmUp.lookAtHost()
        _ = try Creation(options, invocation, isForOthers: true).run()
        return 0
    }

    static func run(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        try SealedProgram.enter()
        let options = try Options(words, creationOptions)
        WarmUp.lookAtHost()
        let creation = try Creation(options, invocation, isForOthers: false)
        let stays = !options.has("detach")
        let foreground = stays ? try Foreground() : nil
        let ready = try creation.run()
        let folder = creation.folder
        let master = creation.consoleSocket == nil ? ready.master : -1
        foreground?.resize(master)
        do {
            try Report.letGo(ready.socket)
            runPoststart(folder, invocation)
        } catch {
            _ = try? Deletion(folder, invocation).run(force: true)  // the first error is the one to report
            throw error
        }
        guard let foreground else { return 0 }
        let code = try foreground.wait(for: ready.pid, master: master)
        if !options.has("keep") { try Deletion(folder, invocation).run(force: true) }
        return code
    }

    static func start(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let folder = try StateFolder(try Options(words, []).container(), invocation)
        let status = folder.status(try folder.record())
        guard status == .created else { throw StepError("cannot start a container that is \(status.rawValue)") }
        try sys("enter \(folder.path)") { chdir(folder.path.string) }
        // Whoever gets it is the one that starts.
        guard rename(StateFolder.gate, StateFolder.starting) == 0 else {
            throw StepError("cannot start a container that is being started")
        }
        let socket = OwnedDescriptor(try connect(to: StateFolder.starting, Int32(SOCK_SEQPACKET.rawValue)))
        unlink(StateFolder.starting)
        try Report.letGo(socket.rawValue)
        runPoststart(folder, invocation)
        return 0
    }

    /// What fails there is told, and changes nothing.
    private static func runPoststart(_ folder: StateFolder, _ invocation: Invocation) {
        do {
            guard let hooks = try folder.spec().hooks?.poststart, !hooks.isEmpty else { return }
            let record = try folder.record()
            for hook in hooks {
                do {
                    try Hooks.run([hook], "poststart", folder.state(record).at(.running, pid: record.pid))
                } catch { invocation.warn("\(error)") }
            }
        } catch { invocation.warn("poststart hooks: \(error)") }
    }

    static func state(_ words: ArraySlice<String>, _ invocation: Invocation) throws -> Int32 {
        let folder = try StateFolder(try Options(words, []).container(), invocation)
        try printJSON(folder.state(try folder.record()))
        return 0
    }
}
