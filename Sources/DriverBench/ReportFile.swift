import FoundationEssentials
import Linux
import SystemPackage

extension Report {
    /// As text.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Replaces the file at `path` by this report: whoever looks finds one or the other whole.
    package func save(to path: String) throws {
        try writeAtomically(Array(json().utf8), to: FilePath(path), mode: FilePermissions(rawValue: 0o644), flush: true)
    }
}
