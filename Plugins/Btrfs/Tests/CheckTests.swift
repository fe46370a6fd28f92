import BtrfsDriver
import DriverChecks
import GraphDrivers
import Testing

extension BtrfsTests {
    @Test("btrfs keeps its promise", arguments: Check.all)
    func keeps(_ check: Check) throws {
        let disk = try #require(OnDisk.disk)
        switch check.run(on: DriverKind(Btrfs.self), in: disk.path) {
        case .passed: return
        case .failed(let reason): Issue.record("\(check): \(reason)")
        case .skipped(let reason): print("skipped: \(check): \(reason)")
        }
    }
}
