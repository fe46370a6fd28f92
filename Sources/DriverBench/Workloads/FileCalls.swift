import Glibc
import Linux

// What workloads do with files, as plain as in C: names relative to a container's root, results as the kernel gives them.

/// Makes a file of 512 bytes; -1 where it can't.
func makeFile(_ root: CInt, _ name: UnsafePointer<CChar>) -> CInt {
    let file = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if file < 0 { return -1 }
    let count = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 16) { block in
        block.initializeMemory(as: UInt8.self, repeating: 0x78)
        return write(file, block.baseAddress, 512)
    }
    return close(file) == 0 && count == 512 ? 0 : -1
}

/// Reads a file to its end through `buffer`.
func readAll(_ root: CInt, _ name: UnsafePointer<CChar>, _ buffer: inout [UInt8]) throws {
    let file = OwnedDescriptor(try sys("open \(String(cString: name))") { openat(root, name, O_RDONLY | O_CLOEXEC) })
    while try sys("read \(String(cString: name))", { read(file.rawValue, &buffer, buffer.count) }) > 0 {}
}

/// Writes `bytes` at `offset` of a file that exists; -1 where it can't.
func overwrite(_ root: CInt, _ name: UnsafePointer<CChar>, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> CInt {
    let file = openat(root, name, O_WRONLY | O_CLOEXEC)
    if file < 0 { return -1 }
    let count = pwrite(file, bytes.baseAddress, bytes.count, off_t(offset))
    return close(file) == 0 && count == bytes.count ? 0 : -1
}
