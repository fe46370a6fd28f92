public import SystemPackage

/// A driver that keeps its layers in files of a fixed size, and can make these larger while they are in use.
public protocol GrowableDriver: GraphDriver {
    /// Makes the files of `home` this large, in bytes; nil leaves them as they are, and smaller than now is an error.
    ///
    /// May be called from another process than the one that has the home open.
    static func grow(home: FilePath, options: DriverOptions, dataBytes: Int64?, metadataBytes: Int64?) throws
}
