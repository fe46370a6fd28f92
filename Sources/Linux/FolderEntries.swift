import CLinux
public import Glibc
import SystemPackage

/// A file's name as the file system has it: bytes, no character set, never empty, `.`, `..` or with a `/`.
public struct FileName: Hashable, Comparable, Sendable {
    /// The bytes, with a NUL after them, to be handed to system calls.
    private let terminated: [CChar]

    /// Copies the NUL-terminated `name`.
    public init(_ name: UnsafePointer<CChar>) {
        terminated = Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1))
    }

    /// The bytes without the NUL.
    public var bytes: some Sequence<UInt8> { terminated.dropLast().lazy.map { UInt8(bitPattern: $0) } }

    /// Calls `body` with the NUL-terminated bytes.
    public func withCString<T>(_ body: (UnsafePointer<CChar>) throws -> T) rethrows -> T {
        try terminated.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { fatalError("a file name without its NUL") }
            return try body(base)
        }
    }

    /// By bytes, unsigned, as `strcmp` does.
    public static func < (left: Self, right: Self) -> Bool {
        left.terminated.lexicographicallyPrecedes(right.terminated) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
    }
}

/// The names in the folder that `descriptor` has open for reading, sorted by bytes, without `.` and `..`.
///
/// The descriptor stays the caller's; its position does not move.
public func entries(of descriptor: CInt, _ object: @autoclosure () -> String) throws -> [FileName] {
    var names: [FileName] = []
    try forEachEntry(of: descriptor, object()) { name, _ in names.append(FileName(name)) }
    names.sort()
    return names
}

/// Calls `body` with each name in the folder that `descriptor` has open for reading, and the number of its inode, without
/// `.` and `..`, in any order.
///
/// The descriptor stays the caller's; its position does not move.
public func forEachEntry(
    of descriptor: CInt,
    _ object: @autoclosure () -> String,
    _ body: (UnsafePointer<CChar>, UInt64) throws -> Void
) throws {
    let copy = try sys("list \(object())") { openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard let folder = fdopendir(copy) else {
        close(copy)
        throw SystemError("list \(object())", .noMemory)
    }
    defer { closedir(folder) }
    while let entry = try nextEntry(of: folder, object()) {
        let number = UInt64(entry.pointee.d_ino)
        try withUnsafePointer(to: &entry.pointee.d_name) {
            try $0.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                if strcmp(name, ".") != 0 && strcmp(name, "..") != 0 { try body(name, number) }
            }
        }
    }
}

/// The next entry of an open folder; nil at its end, and only there.
public func nextEntry(
    of folder: OpaquePointer,
    _ object: @autoclosure () -> String
) throws(SystemError) -> UnsafeMutablePointer<dirent>? {
    var entry: UnsafeMutablePointer<dirent>?
    try sys("list \(object())") {
        // readdir(3) tells the end from an error by this alone.
        errno = 0
        entry = readdir(folder)
        return entry == nil && errno != 0 ? -1 : 0
    }
    return entry
}
