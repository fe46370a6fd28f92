import SystemPackage

/// Bytes that went between a container and one disk.
package struct BlockIOUsage: Sendable, Equatable {
    package var major: UInt64
    package var minor: UInt64
    /// `Read`, `Write`, `Total` and others with v1; `read` and `write` with v2.
    package var operation: String
    package var bytes: UInt64
}

extension ControlGroup {
    package var blockIO: [BlockIOUsage] {
        if let unified {
            return lines(unified.appending("io.stat")).flatMap(BlockIOUsage.unified)
        }
        let file = folder(of: "blkio")?.appending("blkio.throttle.io_service_bytes_recursive")
        return lines(file).compactMap(BlockIOUsage.init(old:))
    }

    private func lines(_ path: FilePath?) -> [Substring] { (Counters.text(path) ?? "").split(separator: "\n") }
}

extension BlockIOUsage {
    /// `8:0 Read 4096`.
    init?(old line: Substring) {
        let words = line.split(separator: " ")
        guard words.count == 3, let (major, minor) = Self.device(words[0]), let bytes = UInt64(words[2]) else {
            return nil
        }
        self.init(major: major, minor: minor, operation: String(words[1]), bytes: bytes)
    }

    /// `8:0 rbytes=4096 wbytes=0 …`.
    static func unified(_ line: Substring) -> [Self] {
        let words = line.split(separator: " ")
        guard let (major, minor) = words.first.flatMap(device) else { return [] }
        return [("rbytes=", "read"), ("wbytes=", "write")].compactMap { key, operation in
            let word = words.first { $0.hasPrefix(key) }
            return word.flatMap { UInt64($0.dropFirst(key.count)) }
                .map { Self(major: major, minor: minor, operation: operation, bytes: $0) }
        }
    }

    private static func device(_ text: Substring) -> (UInt64, UInt64)? {
        let numbers = text.split(separator: ":").compactMap { UInt64($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }
}
