import Glibc
import Linux
import SystemPackage

/// Programs of the host that work in a container's tree.
enum Program {
    /// Why a workload that needs it can't run; nil: it is there.
    static func missing(_ name: String) -> String? {
        Command.find(name) == nil ? "\(name) is not installed (Debian: apt-get install \(packages[name] ?? name))" : nil
    }

    private static let packages = ["cc": "gcc libc6-dev", "dpkg-deb": "dpkg"]

    /// Runs it to its end, in `folder`; gives what it said.
    @discardableResult
    static func run(
        _ words: [String],
        in folder: FilePath,
        input: [UInt8] = [],
        mostOutput: Int = 2048
    ) throws -> String {
        guard let path = Command.find(words[0]) else {
            throw SystemError("look for \(words[0])", .noSuchFileOrDirectory)
        }
        return try Command.run(
            ["/usr/bin/env", "-C", folder.string, "LC_ALL=C", "HOME=/nonexistent", path.string] + words.dropFirst(),
            input: input,
            mostOutput: mostOutput,
            joining: "\n"
        )
    }
}
