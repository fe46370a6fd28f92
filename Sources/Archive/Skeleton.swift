public import SystemPackage

public func compareTrees(_ new: FilePath, _ old: FilePath?) throws -> [Change] { fatalError("soon") }
public func writeLayer(changes: [Change], of tree: FilePath, to sink: any ByteSink) throws { fatalError("soon") }
public func writeLayer(overlayUpper: FilePath, to sink: any ByteSink) throws { fatalError("soon") }
public func writeTree(_ tree: FilePath, to sink: any ByteSink) throws { fatalError("soon") }
public func diskUsage(of tree: FilePath) throws -> Int64 { fatalError("soon") }
public func copyTree(_ from: FilePath, to: FilePath) throws { fatalError("soon") }

package struct TarMember: Sendable {
    package enum Kind: Sendable { case file, folder, symbolicLink, hardLink, other }
    package var name: String
    package var kind: Kind
    package var size: Int64
    package var target: String
    package var mode: UInt32
}
package final class TarReader {
    package init(_ source: any ByteSource, limits: ArchiveLimits) throws { fatalError("soon") }
    /// The next member, or nil at the end; what was left of the last one's payload is skipped.
    package func next() throws -> TarMember? { fatalError("soon") }
    /// The current member's payload.
    package var payload: any ByteSource { fatalError("soon") }
}
package final class TarWriter {
    package init(_ sink: any ByteSink) throws { fatalError("soon") }
    package func addFolder(_ name: String, mode: UInt32 = 0o755, modified: Int64 = 0) throws { fatalError("soon") }
    package func addFile(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o644, modified: Int64 = 0) throws {
        fatalError("soon")
    }
    package func addFile(
        _ name: String,
        size: Int64,
        mode: UInt32 = 0o644,
        modified: Int64 = 0,
        _ body: (any ByteSink) throws -> Void
    ) throws { fatalError("soon") }
    package func addSymbolicLink(_ name: String, to target: String) throws { fatalError("soon") }
    package func finish() throws { fatalError("soon") }
}
