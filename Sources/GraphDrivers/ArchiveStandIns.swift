public import Archive
public import SystemPackage

public enum WhiteoutStyle { case overlay, aufs, applied }
public func extractLayer(_ tar: any ByteSource, into root: FilePath, whiteouts: WhiteoutStyle, limits: ArchiveLimits) throws -> Int64 { fatalError("Archive is not there yet") }
public func compareTrees(_ new: FilePath, _ old: FilePath?) throws -> [Change] { fatalError("Archive is not there yet") }
public func writeLayer(changes: [Change], of tree: FilePath, to sink: any ByteSink) throws { fatalError("Archive is not there yet") }
public func writeLayer(overlayUpper: FilePath, to sink: any ByteSink) throws { fatalError("Archive is not there yet") }
public func diskUsage(of tree: FilePath) throws -> Int64 { fatalError("Archive is not there yet") }
public func copyTree(_ from: FilePath, to: FilePath) throws { fatalError("Archive is not there yet") }
