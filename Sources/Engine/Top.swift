import Cgroups
package import DockerAPI
import Glibc
import Launcher
import Linux
import SystemPackage

/// `top`: the host's `ps`, and of its lines those of the container's processes.
extension Engine {
    /// `arguments` are for `ps`, as a user would type them.
    package func top(_ name: String, arguments: String) async throws -> TopResult {
        let container = try containers.find(name)
        _ = try await container.running()
        let group = try await controlGroup(of: container)
        let words = arguments.split(separator: " ").map(String.init)
        let result = try await pool.run {
            try Self.filter(try ProcessList.run(words), by: Set(group.processes().map(String.init)))
        }
        emit("top", await container.record)
        return result
    }

    static func filter(_ output: String, by pids: Set<String>) throws -> TopResult {
        let lines = output.split(separator: "\n")
        let titles = (lines.first ?? "").split(separator: " ").map(String.init)
        guard let column = titles.firstIndex(of: "PID") else {
            throw EngineError(.failed, "Couldn't find PID field in ps output")
        }
        var result = TopResult()
        result.titles = titles
        // The last column may have blanks.
        result.processes = lines.dropFirst().compactMap { line in
            let fields = line.split(separator: " ", maxSplits: titles.count - 1).map(String.init)
            return fields.count > column && pids.contains(fields[column]) ? fields : nil
        }
        return result
    }
}

/// The program `ps`.
private enum ProcessList {
    static func run(_ arguments: [String]) throws -> String {
        var ends: [CInt] = [-1, -1]
        try sys("make a pipe") { pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let output = OwnedDescriptor(ends[0])
        var pid: pid_t = 0
        do {
            let input = OwnedDescriptor(ends[1])
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, input.rawValue, 1)
            posix_spawn_file_actions_adddup2(&actions, input.rawValue, 2)
            let argv = (["ps"] + arguments).map { strdup($0) } + [nil]
            defer { for argument in argv { free(argument) } }
            let failure = posix_spawnp(&pid, "ps", &actions, nil, argv, environ)
            if failure != 0 {
                throw EngineError(.failed, "ps: \(Errno(rawValue: failure)); install procps on the host")
            }
        }
        let text = String(decoding: try readAll(output.rawValue), as: UTF8.self)
        var status: CInt = 0
        waitpid(pid, &status, 0)
        if status != 0 { throw EngineError(.invalid, "ps: \(text.split(separator: "\n").first ?? "it failed")") }
        return text
    }

    private static func readAll(_ descriptor: CInt) throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = try sys("read from ps") { read(descriptor, &buffer, buffer.count) }
            if count == 0 { return all }
            all += buffer[..<Int(count)]
        }
    }
}
