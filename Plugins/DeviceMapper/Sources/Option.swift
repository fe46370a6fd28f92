import GraphDrivers
import SystemPackage

/// One `key=value`, and what the value can mean.
struct Option {
    let key: String
    let value: String

    func invalid(_ reason: String) -> DriverError {
        .invalidOption(driver: DeviceMapper.name, key: key, reason: reason)
    }

    /// A size above zero, in whole sectors.
    func bytes() throws -> UInt64 {
        let size: Int64
        do { size = try parseSize(value) } catch { throw invalid("\(error)") }
        guard size >= 512 else { throw invalid("'\(value)' is no size to make a device of; write it as 10G") }
        return UInt64(size) / 512 * 512
    }

    /// The words that Go's `strconv.ParseBool` knows.
    func bool() throws -> Bool {
        switch value {
        case "1", "t", "T", "true", "TRUE", "True": return true
        case "0", "f", "F", "false", "FALSE", "False": return false
        default: throw invalid("'\(value)' is neither true nor false")
        }
    }

    /// `10%`: a whole number below 100.
    func percent() throws -> UInt64 {
        guard value.hasSuffix("%") else { throw invalid("'\(value)' must end in a percent sign, as 10%") }
        guard let number = UInt64(value.dropLast()), number < 100 else {
            throw invalid("'\(value)' must be a whole number of percent below 100; 0% switches the check off")
        }
        return number
    }

    /// A block of the pool: 64 KiB to 1 GiB, in steps of 64 KiB, says the kernel.
    func blockSectors() throws -> UInt64 {
        let sectors = try bytes() >> 9
        guard (128...2_097_152).contains(sectors), sectors.isMultiple(of: 128) else {
            throw invalid("'\(value)' must be a multiple of 64K, from 64K to 1G")
        }
        return sectors
    }

    func path() throws -> FilePath {
        let path = FilePath(value)
        guard path.isAbsolute else { throw invalid("'\(value)' must be a block device's whole path, as /dev/sdb") }
        return path
    }

    /// A whole number within `range`.
    func number(in range: ClosedRange<Int>) throws -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw invalid("'\(value)' must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
