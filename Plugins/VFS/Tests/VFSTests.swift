import DriverChecks
import Testing
import VFSDriver

@Suite(.serialized) struct VFSTests {
    @Test("VFS keeps its promise", arguments: Check.all)
    func keeps(_ check: Check) throws { try TestHost.run(check, on: VFS.self) }
}
