import Glibc
public import GraphDrivers
import Linux
public import SystemPackage

/// Where a driver's tests run: a scratch folder of the machine that runs them.
public enum TestHost {
    /// A check that ended otherwise than it should.
    public struct Failure: Error, CustomStringConvertible {
        /// The promise, and how it was broken.
        public let description: String
    }

    /// The folder below which each check gets its own: `VARVE_CHECK_FOLDER`, or memory, or `/var/tmp`.
    public static var folder: FilePath {
        if let chosen = getenv("VARVE_CHECK_FOLDER") { return FilePath(platformString: chosen) }
        return isFolder("/dev/shm") ? "/dev/shm" : "/var/tmp"
    }

    /// Runs one check; throws where the driver broke its promise, prints why where it was skipped.
    public static func run(_ check: Check, on driver: any GraphDriver.Type, options: DriverOptions = .init()) throws {
        switch check.run(on: DriverKind(driver), in: folder, options: options) {
        case .passed: return
        case .failed(let reason): throw Failure(description: "\(driver.name): \(check): \(reason)")
        case .skipped(let reason): print("skipped: \(driver.name): \(check): \(reason)")
        }
    }
}
