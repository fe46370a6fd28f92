import Glibc
import SystemPackage

extension Mount {
    /// Tries `body` again while the block device to be mounted is busy, for ten seconds.
    ///
    /// A snapshot of a device that is in use is made while the device stands still, and meanwhile the kernel mounts it
    /// for nobody.
    func waitingForDevice<Result: ~Copyable>(_ body: () throws(SystemError) -> Result) throws(SystemError) -> Result {
        for _ in 0..<1000 where source.hasPrefix("/dev/") {
            do throws(SystemError) { return try body() } catch {
                guard error.errno == .resourceBusy else { throw error }
            }
            usleep(10_000)
        }
        return try body()
    }
}
