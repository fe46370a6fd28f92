/// Bytes to be read in order, by one reader, on a thread that may block.
public protocol ByteSource: AnyObject {
    /// Fills `buffer` from its start and returns how many bytes it got: 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Bytes to be written in order, by one writer, on a thread that may block.
public protocol ByteSink: AnyObject {
    /// Takes all of `bytes`, or throws.
    func write(_ bytes: UnsafeRawBufferPointer) throws
}
