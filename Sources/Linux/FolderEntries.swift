import CLinux
import Glibc
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
/// The descriptor stays the caller's; its position moves.
public func entries(of descriptor: CInt, _ object: @autoclosure () -> String) throws -> [FileName] {
    let copy = try sys("list \(object())") { openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard let folder = fdopendir(copy) else {
        close(copy)
        throw SystemError("list \(object())", .noMemory)
    }
    defer { closedir(folder) }
    var names: [FileName] = []
    while let entry = readdir(folder) {
        withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                if strcmp(name, ".") != 0 && strcmp(name, "..") != 0 { names.append(FileName(name)) }
            }
        }
    }
    names.sort()
    return names
}
