import Linux
import OCI
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

extension ControlGroup {
    /// Weights and rates. (Documentation/admin-guide/cgroup-v1/blkio-controller.rst, cgroup-v2.rst, "IO")
    func limit(_ io: RuntimeBlockIO) throws {
        guard let folder = unified ?? folder(of: "blkio") else { return }
        try setWeights(io, folder)
        for (old, key, rates) in [
            ("read_bps", "rbps", io.throttleReadBpsDevice), ("write_bps", "wbps", io.throttleWriteBpsDevice),
            ("read_iops", "riops", io.throttleReadIOPSDevice), ("write_iops", "wiops", io.throttleWriteIOPSDevice),
        ] {
            for rate in rates ?? [] {
                let device = "\(rate.major):\(rate.minor)"
                // 0 is no limit.
                let value = rate.rate == 0 && unified != nil ? "max" : "\(rate.rate)"
                unified == nil
                    ? try setControl(folder.appending("blkio.throttle.\(old)_device"), "\(device) \(value)")
                    : try setControl(folder.appending("io.max"), "\(device) \(key)=\(value)")
            }
        }
    }

    /// The scheduler BFQ has files of its own, which count where a disk has that scheduler.
    private func setWeights(_ io: RuntimeBlockIO, _ folder: FilePath) throws {
        let prefix = unified == nil ? "blkio" : "io"
        let fair = folder.appending("\(prefix).bfq.weight")
        if let weight = io.weight, weight > 0 {
            if exists(fair) {
                try setControl(fair, "\(weight)")
            } else {
                // 10 to 1000 becomes 1 to 10000.
                let value = unified == nil ? Int(weight) : 1 + (Int(weight) - 10) * 9999 / 990
                try setControl(folder.appending("\(prefix).weight"), unified == nil ? "\(value)" : "default \(value)")
            }
        }
        for device in io.weightDevice ?? [] where unified == nil || exists(fair) {
            let line = "\(device.major):\(device.minor) \(device.weight ?? 0)"
            let old = folder.appending("blkio.bfq.weight_device")
            try setControl(unified != nil ? fair : exists(old) ? old : folder.appending("blkio.weight_device"), line)
        }
    }
}
