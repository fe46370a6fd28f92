import DockerAPI
import Linux
import Logging
import RuntimeProtocol
import Synchronization
import SystemPackage

/// The OCI runtimes that containers can ask for, by name.
package struct Runtimes: Sendable, Equatable {
    /// Varve's own launcher.
    package static let own = "varve"
    /// What inspect said before there were others.
    package static let former = "varve-runtime"
    /// Known without a setting where they are installed. Docker has `runc` always.
    private static let usual = ["runc", "crun"]

    /// `runtimes`.
    private var configured: [String: RuntimeCommand] = [:]
    /// `default-runtime`: of containers that ask for none.
    package var standard = Runtimes.own

    package init() {}

    /// Makes a program known, by its path or its name; throws where there is one of that name.
    package mutating func add(_ name: String, program: String, arguments: [String] = []) throws {
        guard !name.isEmpty, ![Self.own, Self.former].contains(name) else {
            throw EngineError(.invalid, "runtime name '\(name)' is reserved")
        }
        guard configured[name] == nil else { throw EngineError(.invalid, "runtime '\(name)' was already defined") }
        configured[name] = RuntimeCommand(program: program, arguments: arguments)
    }

    /// Throws where nothing is known by that name.
    package func check(_ name: String) throws { _ = try command(name) }

    /// What `name` stands for: nil is Varve's own launcher. Throws where nothing is known by that name.
    func command(_ name: String) throws -> RuntimeCommand? {
        if [Self.own, Self.former, ""].contains(name) { return nil }
        if let command = configured[name] { return command }
        guard Self.usual.contains(name), Command.find(name) != nil else {
            throw EngineError(.invalid, "unknown or invalid runtime name: \(name)")
        }
        return RuntimeCommand(program: name)
    }

    /// As `docker info` shows them.
    var shown: [String: RuntimePath] {
        var all = [Self.own: RuntimePath()]
        all[Self.own]?.path = "varve-runtime"
        let usual = Self.usual.filter { Command.find($0) != nil }.map { ($0, RuntimeCommand(program: $0)) }
        for (name, command) in configured.merging(usual, uniquingKeysWith: { own, _ in own }) {
            var path = RuntimePath()
            path.path = command.program
            path.runtimeArgs = command.arguments.isEmpty ? nil : command.arguments
            all[name] = path
        }
        return all
    }

    /// As in dockerd's event of a reload.
    var description: String {
        shown.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.path)" }.joined(separator: " ")
    }
}

extension Engine {
    /// Writes down which runtime a container that is being made has.
    ///
    /// Our own is an empty name there: a dockerd that opens the data root takes its own then.
    func chooseRuntime(_ host: inout HostConfig) throws {
        let runtimes = live.withLock { $0.runtimes }
        if host.runtime.isEmpty { host.runtime = runtimes.standard }
        if try runtimes.command(host.runtime) == nil { host.runtime = "" } else { try refuse(host.runtime, host) }
    }

    /// Who makes a container's processes that is started now; nil: the monitor itself.
    func foreignRuntime(of record: ContainerRecord, _ host: HostConfig) throws -> RuntimeCommand? {
        let runtimes = live.withLock { $0.runtimes }
        var command: RuntimeCommand
        if host.runtime == "runc", remapping(host) != nil {
            // dockerd writes it down for containers that ask for nothing; ours takes no such container.
            log.warning("runc knows no mapped images: varve starts it", metadata: ["container": "\(record.id)"])
            return nil
        }
        do {
            guard let known = try runtimes.command(host.runtime) else { return nil }
            command = known
        } catch  where host.runtime == "runc" {
            // dockerd writes it down for containers that ask for nothing.
            log.warning("runc is not installed: varve starts it itself", metadata: ["container": "\(record.id)"])
            return nil
        }
        try refuse(host.runtime, host)
        guard let program = Command.find(command.program) else {
            throw EngineError(
                .failed,
                "the program of the runtime \(host.runtime), \(command.program), is not there or can't be run: install it, "
                    + "or change `runtimes` in the daemon's configuration"
            )
        }
        command.program = program.string
        return command
    }

    /// Throws where the container needs what only our own launcher has.
    private func refuse(_ name: String, _ host: HostConfig) throws {
        guard remapping(host) == nil else {
            throw EngineError(
                .invalid,
                "the runtime \(name) can't show images under the ids of userns-remap: use --runtime=varve, or --userns=host"
            )
        }
    }
}
