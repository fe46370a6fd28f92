import Glibc

/// A member's path, cleaned: relative to the root, without empty components, `.` and `..`; split into folder and name.
///
/// Kept as `folder NUL name NUL`, so that both halves go to system calls without another copy; the buffer is used again
/// for each member.
struct MemberPath {
    private var bytes: [UInt8] = []
    private var starts: [Int] = []
    private var nameStart = 0
    /// The folder that all is unpacked in, below the root; no member leads out of it.
    private var base: [UInt8] = []
    private var baseStarts: [Int] = []

    init() {}

    init(_ raw: UnsafePointer<CChar>, _ limits: ArchiveLimits) throws { try parse(raw, limits) }

    /// Members' paths begin at the folder `base` from now on.
    init(below base: UnsafePointer<CChar>, _ limits: ArchiveLimits) throws {
        try parse(base, limits)
        self.base = joined
        baseStarts = starts
    }

    /// Another member's path.
    func other(_ raw: UnsafePointer<CChar>, _ limits: ArchiveLimits) throws -> MemberPath {
        var other = self
        try other.parse(raw, limits)
        return other
    }

    /// Takes another path. What leads out of the root is refused; a leading `/` means the root, as to `tar`.
    mutating func parse(_ raw: UnsafePointer<CChar>, _ limits: ArchiveLimits) throws {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: base)
        if !base.isEmpty { bytes.append(0x2f) }
        starts = baseStarts
        var next = raw
        while next.pointee != 0 {
            let start = next
            while next.pointee != 0 && next.pointee != 0x2f { next += 1 }
            let component = UnsafeRawBufferPointer(start: start, count: next - start)
            if next.pointee != 0 { next += 1 }
            switch (component.count, component.first, component.last) {
            case (0, _, _), (1, 0x2e, _): continue
            case (2, 0x2e, 0x2e):
                guard starts.count > baseStarts.count, let last = starts.popLast() else {
                    throw ArchiveError.escapes(member: String(cString: raw))
                }
                bytes.removeSubrange(last...)
            default:
                guard component.count <= limits.nameLength else {
                    throw ArchiveError.nameTooLong(member: shortened(raw), limit: limits.nameLength)
                }
                guard starts.count < limits.depth else {
                    throw ArchiveError.tooDeep(member: shortened(raw), limit: limits.depth)
                }
                starts.append(bytes.count)
                bytes.append(contentsOf: component)
                bytes.append(0x2f)
            }
        }
        nameStart = starts.last ?? 0
        if !bytes.isEmpty { bytes[bytes.count - 1] = 0 }
        if nameStart > 0 { bytes[nameStart - 1] = 0 }
    }

    private func shortened(_ raw: UnsafePointer<CChar>) -> String {
        String(decoding: UnsafeRawBufferPointer(start: raw, count: min(strnlen(raw, 100), 100)), as: UTF8.self)
    }

    /// It is the folder itself that all is unpacked in.
    var isRoot: Bool { starts.count == baseStarts.count }
    /// It lies directly in the root.
    var isTop: Bool { nameStart == 0 }
    /// The folder's bytes without the NUL; empty for the root.
    var folder: ArraySlice<UInt8> { bytes[..<max(0, nameStart - 1)] }
    /// The name's bytes without the NUL.
    var name: ArraySlice<UInt8> { isRoot ? [] : bytes[nameStart..<bytes.count - 1] }
    /// Folder and name, joined.
    var joined: [UInt8] { isTop ? Array(name) : folder + [0x2f] + name }
    /// For messages.
    var text: String { isRoot ? "./" : String(decoding: joined, as: UTF8.self) }
    /// The bytes of each folder above, from the top.
    var folders: [ArraySlice<UInt8>] { starts.dropFirst().map { Array(joined[..<($0 - 1)])[...] } }

    /// Whether it lies in the folder whose path is `other`.
    func isIn(_ other: [UInt8]) -> Bool { folder.elementsEqual(other) }

    /// Calls `body` with the name's C string, from its byte `offset` on.
    func withName<T>(from offset: Int = 0, _ body: (UnsafePointer<CChar>) throws -> T) rethrows -> T {
        try withPointer(at: nameStart + offset, body)
    }

    /// Calls `body` with the folder's C string; not for what lies in the root.
    func withFolder<T>(_ body: (UnsafePointer<CChar>) throws -> T) rethrows -> T { try withPointer(at: 0, body) }

    private func withPointer<T>(at offset: Int, _ body: (UnsafePointer<CChar>) throws -> T) rethrows -> T {
        try bytes.withUnsafeBytes { buffer in
            let text = buffer[offset...].bindMemory(to: CChar.self)
            guard let base = text.baseAddress else { fatalError("the root has no name") }
            return try body(base)
        }
    }
}
