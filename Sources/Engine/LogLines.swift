import Glibc
import Linux
import SystemPackage

/// The lines of a log that is written to and rotated meanwhile: `log`, and before it `log.1`, `log.2`, ….
///
/// Files are known by their inodes: where the one that is read became `log.2`, the next is `log.1`.
struct LogLines {
    private let path: FilePath
    private var file: FileDescriptor?
    private var inode: ino_t = 0
    private var buffer: [UInt8] = []
    private var position = 0
    /// The end of the current file was seen after it was rotated away: nothing comes any more.
    private var isFinal = false
    private static let longest = 4 << 20

    /// Begins with the last `tail` lines, or with the oldest file.
    init(_ path: FilePath, tail: Int?) {
        self.path = path
        let (number, offset) = tail.map(start) ?? (oldest, 0)
        open(number, at: offset)
    }

    /// The next whole line without its end; nil: none at present.
    mutating func next() throws -> ArraySlice<UInt8>? {
        while true {
            if let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { position = end + 1 }
                return buffer[position..<end]
            }
            if try fill() { continue }
            guard moveOn() else { return nil }
        }
    }

    /// Reads more; false at the end of the file.
    private mutating func fill() throws -> Bool {
        guard let file else { return false }
        buffer.removeFirst(position)
        position = 0
        // No line of ours is that long: somebody else wrote it.
        if buffer.count > Self.longest { buffer = [] }
        var more = [UInt8](repeating: 0, count: 65536)
        let count = try more.withUnsafeMutableBytes { try file.read(into: $0) }
        buffer += more[..<count]
        return count > 0
    }

    /// Goes to the next file where the current one is complete; true if there may be more to read.
    private mutating func moveOn() -> Bool {
        guard file != nil else { return open(oldest, at: 0) }
        let number = numbers.first { self.inode(of: $0) == inode }
        guard number != 0 else {
            isFinal = false
            return false
        }
        // Something may have been written between its end that we saw and its rotation.
        guard isFinal else {
            isFinal = true
            return true
        }
        // Neither named nor deleted: it is being renamed at this moment.
        guard let number else { return isDeleted && open(oldest, at: 0) }
        // Files only move up: if it is still there, what was opened was next to it.
        return open(number - 1, at: 0, ifStill: (number, inode))
    }

    /// Keeps the current file where the other can't be opened: a rotation may have just renamed it.
    @discardableResult
    private mutating func open(_ number: Int, at offset: Int64, ifStill place: (number: Int, inode: ino_t)? = nil)
        -> Bool
    {
        guard let next = try? FileDescriptor.open(name(number), .readOnly, options: [.closeOnExec, .noFollow]) else {
            return false
        }
        var status = stat()
        guard place.map({ inode(of: $0.number) == $0.inode }) ?? true, fstat(next.rawValue, &status) == 0 else {
            try? next.close()
            return true
        }
        close()
        file = next
        inode = status.st_ino
        buffer = []
        position = 0
        isFinal = false
        if offset > 0 { _ = try? next.seek(offset: offset, from: .start) }
        return true
    }

    private var isDeleted: Bool {
        var status = stat()
        return file.map { fstat($0.rawValue, &status) == 0 && status.st_nlink == 0 } ?? true
    }

    /// To be called when nobody reads any more.
    mutating func close() {
        try? file?.close()
        file = nil
    }

    private func name(_ number: Int) -> FilePath { number == 0 ? path : FilePath("\(path).\(number)") }

    private func inode(of number: Int) -> ino_t? {
        var status = stat()
        return stat(name(number).string, &status) == 0 ? status.st_ino : nil
    }

    /// The files that there are, newest first; during a rotation one of them, whichever, is missing for a moment.
    private var numbers: [Int] {
        [0] + sequence(first: 1) { $0 + 1 }.prefix { inode(of: $0) != nil || inode(of: $0 + 1) != nil }
    }
    private var oldest: Int { numbers.last { inode(of: $0) != nil } ?? 0 }

    /// Where the last `count` lines begin; looks at no more of the log than these.
    private func start(ofLast count: Int) -> (number: Int, offset: Int64) {
        var missing = count
        for number in numbers {
            guard let file = try? FileDescriptor.open(name(number), .readOnly, options: [.closeOnExec, .noFollow])
            else {
                continue
            }
            defer { try? file.close() }
            if let offset = try? Self.offset(ofLast: &missing, in: file) { return (number, offset) }
        }
        return (oldest, 0)
    }

    /// Nil where the file has fewer lines; `missing` is then how many must come from older files.
    private static func offset(ofLast missing: inout Int, in file: FileDescriptor) throws -> Int64? {
        var end = try file.seek(offset: 0, from: .end)
        if missing <= 0 { return end }
        var block = [UInt8](repeating: 0, count: 65536)
        var found = 0
        while end > 0 {
            let start = max(0, end - Int64(block.count))
            let count = try block.withUnsafeMutableBytes {
                try file.read(
                    fromAbsoluteOffset: start,
                    into: UnsafeMutableRawBufferPointer(rebasing: $0[..<Int(end - start)])
                )
            }
            for index in block[..<count].indices.reversed() where block[index] == UInt8(ascii: "\n") {
                // The first one ends the last line.
                if found == missing { return start + Int64(index) + 1 }
                found += 1
            }
            end = start
        }
        if found == missing { return 0 }
        missing -= found
        return nil
    }
}
