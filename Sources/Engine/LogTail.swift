import Linux
import RuntimeProtocol

/// Finds the last entries of a file from its end.
enum LogTail {
    /// Where the last `missing` begin; nil where the file has fewer, and `missing` is then how many must come from older ones.
    static func offset(
        ofLast missing: inout Int,
        in file: LogSource,
        _ format: LogTarget.Format
    ) throws -> Int64? {
        let end = file.size
        if missing <= 0 { return end }
        switch format {
        case .jsonFile: return try lines(&missing, file, end)
        case .local: return try records(&missing, file, end)
        }
    }

    private static func lines(_ missing: inout Int, _ file: LogSource, _ size: Int64) throws -> Int64? {
        var block = [UInt8](repeating: 0, count: 65536)
        var found = 0
        var end = size
        while end > 0 {
            let start = max(0, end - Int64(block.count))
            let count = try block.withUnsafeMutableBytes {
                try file.read(at: start, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<Int(end - start)]))
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

    private static func records(_ missing: inout Int, _ file: LogSource, _ size: Int64) throws -> Int64? {
        func length(at offset: Int64) throws -> Int64? {
            var bytes = [UInt8](repeating: 0, count: LocalEntry.lengthSize)
            return try bytes.withUnsafeMutableBytes {
                guard try file.read(at: offset, into: $0) == $0.count else { return nil }
                return LocalEntry.length(UnsafeRawBufferPointer($0)).map(Int64.init)
            }
        }
        let frame = Int64(2 * LocalEntry.lengthSize)
        let wanted = missing
        var end = size
        while missing > 0, end >= frame {
            // Where the end is not whole yet, the file is read from its start: it is a small one.
            guard let last = try length(at: end - frame / 2), end >= last + frame,
                try length(at: end - last - frame) == last
            else {
                missing = wanted
                return try forward(&missing, file, size)
            }
            end -= last + frame
            missing -= 1
        }
        return missing == 0 ? end : nil
    }

    private static func forward(_ missing: inout Int, _ file: LogSource, _ size: Int64) throws -> Int64? {
        var starts: [Int64] = []
        var window = LogWindow()
        var start = window.position
        repeat {
            while window.next(.local) != nil {
                starts.append(start)
                start = window.position
            }
        } while try window.fill(from: file)
        guard starts.count >= missing else {
            missing -= starts.count
            return nil
        }
        return missing == 0 ? start : starts[starts.count - missing]
    }
}
