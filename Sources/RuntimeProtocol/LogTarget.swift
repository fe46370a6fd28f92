/// Where a monitor writes what its container says, and in which form.
package struct LogTarget: Codable, Sendable, Equatable {
    /// Docker's log drivers that write files.
    package enum Format: String, Codable, Sendable {
        case jsonFile = "json-file"
        case local
    }

    package var format: Format
    /// The file; rotated ones get `.1`, `.2`, …, and `.gz` behind that where they are compressed.
    package var path: String
    /// Bytes after which a new file is begun; nil: never.
    package var maxSize: Int64?
    /// How many files there may be.
    package var maxFiles: Int
    /// Whether rotated files are compressed.
    package var compresses: Bool
    /// What `json-file` notes with each entry: a JSON object; nil: nothing.
    package var attributes: String?

    package init(_ format: Format = .jsonFile, path: String) {
        self.format = format
        self.path = path
        maxFiles = 1
        compresses = false
    }
}
