import Glibc
package import SystemPackage

/// The programs that make networks, and how they are asked.
package struct Plugins: Sendable {
    /// Where they are; the first one of a name counts.
    package var folders: [FilePath]
    /// How long each of them may take.
    package var seconds = 30

    package init(folders: [FilePath]) { self.folders = folders }

    /// What a plug-in is asked to do.
    package enum Verb: String, Sendable { case add = "ADD", delete = "DEL" }

    /// Throws where one of the list's is missing: before the others have begun.
    package func check(_ list: ConfigurationList) throws(PluginError) {
        for plugin in list.plugins { _ = try find(plugin.type) }
    }

    private func find(_ type: String) throws(PluginError) -> FilePath {
        guard let program = folders.map({ $0.appending(type) }).first(where: Self.isProgram) else {
            throw PluginError.missing(type, folders: folders.map(\.string))
        }
        return program
    }

    /// To access(2) a folder can be executed, too.
    private static func isProgram(_ path: FilePath) -> Bool {
        var status = stat()
        guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return access(path.string, X_OK) == 0
    }

    /// Runs one; gives its answer, which ADD must have and others need not.
    func run(_ type: String, _ verb: Verb, for container: Attachment, _ configuration: JSON) throws -> JSON? {
        let program = try find(type)
        let environment = [
            "CNI_COMMAND=\(verb.rawValue)", "CNI_CONTAINERID=\(container.container)",
            "CNI_NETNS=\(container.namespace)", "CNI_IFNAME=\(container.interface)",
            "CNI_ARGS=\(container.arguments)",
            "CNI_PATH=\(folders.map(\.string).joined(separator: ":"))",
        ]
        let process = try PluginProcess(
            program,
            environment: environment,
            input: configuration.bytes,
            seconds: seconds
        )
        switch process.end {
        case .slow: throw PluginError.slow(type, verb: verb.rawValue, seconds: seconds)
        case .tooMuch: throw PluginError.tooMuch(type, verb: verb.rawValue, bytes: PluginProcess.mostOutput)
        case .ended(0): return try? JSON(parsing: process.output)
        case .ended(let status): throw Self.refusal(type, verb, status, process)
        }
    }

    /// The plug-in's own reason, or what it said before it fell over.
    private static func refusal(_ type: String, _ verb: Verb, _ status: CInt, _ process: PluginProcess) -> PluginError {
        let answer = try? JSON(parsing: process.output)
        if let message = answer?["msg"]?.text {
            var code: Int64 = 0
            if case .whole(let given)? = answer?["code"] { code = given }
            let details = answer?["details"]?.text ?? ""
            return .refused(type, verb: verb.rawValue, code: code, message: plain(message), details: plain(details))
        }
        let how = status & 0x7f == 0 ? "status \(status >> 8)" : "signal \(status & 0x7f)"
        let said = process.errors.isEmpty ? Array(process.output.prefix(1024)) : process.errors
        return .failed(type, verb: verb.rawValue, how: how, said: plain(String(decoding: said, as: UTF8.self)))
    }

    /// On one line, and not too long.
    private static func plain(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: "; ").prefix(2048)
            .filter { !$0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f } }
    }
}
