import Linux

/// Names as the kernel takes them, made before the clock runs.
final class Names {
    private let bytes: UnsafeMutablePointer<CChar>
    private let starts: [Int]

    init(_ names: [String]) {
        var all: [CChar] = []
        var starts: [Int] = []
        for name in names {
            starts.append(all.count)
            all += name.utf8CString
        }
        self.starts = starts
        bytes = .allocate(capacity: max(1, all.count))
        bytes.initialize(from: all, count: all.count)
    }

    deinit { bytes.deallocate() }

    var count: Int { starts.count }

    subscript(_ index: Int) -> UnsafePointer<CChar> { UnsafePointer(bytes + starts[index]) }

    /// Calls `body` with each, until one fails.
    @inline(__always)
    func each(_ call: String, _ body: (UnsafePointer<CChar>) -> CInt) throws {
        for start in starts {
            let name = UnsafePointer(bytes + start)
            let result = body(name)
            if result == -1 { try retry(call, name, body) }
        }
    }

    /// Says why a call has just failed; one that was interrupted is made again. Not in the loop: that one is measured.
    @inline(never)
    private func retry(_ call: String, _ name: UnsafePointer<CChar>, _ body: (UnsafePointer<CChar>) -> CInt) throws {
        var failed: CInt? = -1
        try sys(call) {
            defer { failed = nil }
            return failed ?? body(name)
        }
    }
}
